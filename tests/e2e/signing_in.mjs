// Ways in: passwords and second factors of our own, and an organisation's own provider.
import { createHmac } from 'node:crypto';
import { axe, call, facts, openPage, run, settled, shot, signIn, typeEmail, until, visit } from './browser.mjs';

/** RFC 6238 with its defaults: six digits of HMAC-SHA-1 over the count of half minutes. */
function code(secret, at_ms = Date.now()) {
  const bits = [...secret.replace(/=+$/, '')].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const count = Buffer.alloc(8);
  count.writeBigUInt64BE(BigInt(Math.floor(at_ms / 30_000)));
  const digest = createHmac('sha1', key).update(count).digest();
  const offset = digest[19] & 15;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** Signs in at the provider's own pages, and lets it tell us what it knows. */
async function atTheProvider(page, email) {
  await page.waitForURL((url) => url.href.startsWith(facts.issuer));
  await page.fill('input[name=login]', email);
  await page.fill('input[name=password]', 'anything');
  await page.click('button[type=submit]');
  await page.waitForURL(/\/interaction\//);
  await page.click('button[type=submit]');
}

async function throughTheProvider(email, { next = '' } = {}) {
  const page = await openPage();
  await page.goto(`${facts.address}/sign-in${next}`);
  await typeEmail(page, email);
  await atTheProvider(page, email);
  await page.waitForURL((url) => url.href.startsWith(facts.address) && !url.pathname.includes('/oidc/'));
  await settled(page);
  return page;
}

const session = async (page) => {
  const { body } = await call(page, 'GET', '/api/v1/session');
  return { signed_in: body.signed_in, tenants: body.tenants.map(({ slug, role }) => [slug, role]) };
};

const provider = (values) => ({
  name: 'Hospital', issuer: facts.issuer, client_id: 'fiducial', client_secret: 'a-secret-of-some-length', link_by_verified_email: true,
  claim_rules: [
    { claim: 'groups', value: 'managers', role: 'admin' },
    { claim: 'groups', value: 'readers', role: 'member' },
  ],
  ...values,
});

await run({
  /** A wrong password says so; the second factor is asked for; another browser can be signed out. */
  async local() {
    const org = facts.organisation;
    const page = await openPage();
    await page.goto(`${facts.address}/sign-in`);
    await settled(page);
    const axeSignIn = await axe(page);
    await typeEmail(page, `auditor@${org.slug}.example`);
    await page.fill('input[name=password]', 'not the password');
    await page.keyboard.press('Enter');
    const wrong = await page.locator('[data-problem]').innerText();
    const wrongCode = await page.locator('[data-problem]').getAttribute('data-problem');
    await page.fill('input[name=password]', org.password);
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
    await visit(page, org, 'settings');
    await page.getByRole('button', { name: 'Set it up' }).or(page.getByRole('button', { name: /set up/i })).first().click();
    const secret = (await page.locator('section code').first().innerText()).replaceAll(' ', '');
    await page.getByLabel('Code', { exact: true }).fill(code(secret));
    await page.getByRole('button', { name: 'Turn on' }).click();
    await page.getByText('Recovery codes').waitFor();
    const recovery = (await page.locator('.notice code div').allInnerTexts()).length;
    await shot(page, 'second-factor');
    const axeSettings = await axe(page);

    const other = await openPage();
    await other.goto(`${facts.address}/sign-in`);
    await typeEmail(other, `auditor@${org.slug}.example`);
    await other.fill('input[name=password]', org.password);
    await other.keyboard.press('Enter');
    await other.fill('input[name=otp_code]', '000000');
    // the answer clears the field: what is typed before it comes is lost
    await Promise.all([other.waitForResponse((answer) => answer.url().endsWith('/session/sign-in')), other.keyboard.press('Enter')]);
    await other.locator('button[type=submit]:not([data-loading])').waitFor();
    const before = await session(other);
    // each code works once, and the first half minute's was used to turn it on
    await other.fill('input[name=otp_code]', code(secret, Date.now() + 30_000));
    await other.keyboard.press('Enter');
    await other.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
    const after = await session(other);

    await visit(page, org, 'settings');
    await page.getByRole('button', { name: 'End' }).first().waitFor();
    const listed = await page.getByRole('button', { name: 'End' }).count();
    await page.getByRole('button', { name: 'End' }).first().click();
    await until(async () => (await page.getByRole('button', { name: 'End' }).count()) === 0, 'the other session leaves the list');
    const ended = await session(other);
    await other.reload();
    await other.waitForURL(/\/sign-in/);
    return { wrong, wrongCode, recovery, before, after, listed, ended, axe: [...axeSignIn, ...axeSettings] };
  },

  /** The address typed leads to the organisation's provider and back, with the role its claims give. */
  async provider() {
    const { organisation: org, other } = facts;
    const owner = await signIn(await openPage(), org, 'owner');
    const added = await call(owner, 'POST', `/t/${org.slug}/api/v1/identity-providers`, provider({ domains: [facts.domain] }));
    const stolen = await call(await signIn(await openPage(), other, 'owner'), 'POST', `/t/${other.slug}/api/v1/identity-providers`, provider({ domains: [facts.domain] }));
    const page = await throughTheProvider(`ada@${facts.domain}`, { next: `?next=/t/${org.slug}/settings` });
    const said = { added: added.status, problem: added.body, stolen: [stolen.status, stolen.body.code], ada: await session(page), landed: new URL(page.url()).pathname };
    await shot(page, 'oidc-member');
    const again = await throughTheProvider(`grace@${facts.domain}`);
    said.grace = await session(again);
    const members = await call(owner, 'GET', `/t/${org.slug}/api/v1/members`);
    said.members = members.body.results.filter(({ user }) => user.email.endsWith(facts.domain)).map(({ user, role }) => [user.email, role]);
    const refused = await throughTheProvider(`mallory@${facts.domain}`);
    await refused.locator('[data-problem=oidc-refused]').waitFor();
    said.refused = { text: await refused.locator('[data-problem]').innerText(), ...(await session(refused)), axe: await axe(refused) };
    await shot(refused, 'oidc-refused');
    await page.goto(`${facts.address}/t/${other.slug}/worklist`);
    await page.locator('[data-problem], [data-empty]').first().waitFor();
    said.elsewhere = (await call(page, 'GET', `/t/${other.slug}/api/v1/tenant`)).status;
    return said;
  },

  /** A provider that vouches for somebody else's person opens its own organisation only. */
  async impostor() {
    const { organisation: victim, other: attacker } = facts;
    const owner = await signIn(await openPage(), attacker, 'owner');
    const email = `owner@${victim.slug}.example`;
    await call(owner, 'POST', `/t/${attacker.slug}/api/v1/identity-providers`, provider({ domains: [`attacker-of-${victim.slug}.test`], default_role: 'member' }));
    const page = await openPage();
    await page.goto(`${facts.address}/t/${attacker.slug}/oidc/sign-in`);
    await atTheProvider(page, email);
    await page.waitForURL((url) => url.href.startsWith(facts.address) && !url.pathname.includes('/oidc/'));
    const answers = {};
    for (const path of ['tenant', 'members', 'projects']) answers[path] = (await call(page, 'GET', `/t/${victim.slug}/api/v1/${path}`)).status;
    const totp = (await call(page, 'POST', '/api/v1/session/totp')).status;
    return { ...(await session(page)), answers, totp };
  },
});
