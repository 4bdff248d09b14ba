// Every page, as it looks with something on it, with nothing, and when the server fails; and the way by keyboard alone.
import { axe, call, facts, openPage, problems, ready, run, save, settled, shot, signIn, until, viewer, visit } from './browser.mjs';

/** The pages of one person, by the name the screenshot gets; `null` where the address depends on what is there. */
async function addresses(page, organisation) {
  const api = (path) => call(page, 'GET', `/t/${organisation.slug}/api/v1/${path}`).then(({ body }) => body.results ?? []);
  const [study] = await api('projects/lung-nodules/studies');
  const [one] = await api('projects/lung-nodules/cases');
  const [delivery] = await api('projects/lung-nodules/deliveries');
  return {
    projects: 'projects',
    overview: 'projects/lung-nodules',
    intake: 'projects/lung-nodules/intake',
    ...(delivery && { delivery: `projects/lung-nodules/intake/${delivery.id}` }),
    people: 'projects/lung-nodules/people',
    labels: 'projects/lung-nodules/labels',
    charter: 'projects/lung-nodules/charter',
    studies: 'studies',
    ...(study && { study: `studies/${study.id}` }),
    review: 'review',
    ...(one && { case: `cases/${one.id}` }),
    datasets: 'datasets',
    releases: 'releases',
    jobs: 'jobs',
    settings: 'settings',
  };
}

/** Anything wider than the window, which a person would have to scroll sideways for. */
const overflows = (page) => page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);

async function look(page, organisation, name, path, said) {
  await visit(page, organisation, path);
  await page.waitForLoadState('networkidle');
  await shot(page, `page-${name}`);
  const found = await axe(page);
  if (found.length) said.axe[name] = found;
  if (await overflows(page)) said.wide.push(name);
  const failed = await page.locator('[data-problem]').allInnerTexts();
  if (failed.length) said.failed[name] = failed;
  said.seen.push(name);
}

await run({
  async all() {
    const org = facts.organisation;
    const said = { seen: [], axe: {}, wide: [], failed: {} };
    const manager = await signIn(await openPage(), org, 'manager');
    const paths = await addresses(manager, org);
    for (const [name, path] of Object.entries(paths)) await look(manager, org, name, path, said);
    const owner = await signIn(await openPage(), org, 'owner');
    for (const path of ['members', 'audit']) await look(owner, org, `owner-${path}`, path, said);
    const reader = await signIn(await openPage(), org, 'reader1');
    await look(reader, org, 'worklist', 'worklist', said);
    await manager.setViewportSize({ width: 3840, height: 1600 });
    for (const name of ['overview', 'studies', 'review', 'jobs']) await look(manager, org, `${name}-3840`, paths[name], said);
    const signedOut = await openPage();
    await signedOut.goto(`${facts.address}/t/${org.slug}/worklist`);
    await signedOut.waitForURL(/\/sign-in/);
    await settled(signedOut);
    await shot(signedOut, 'page-sign-in');
    return said;
  },

  /** What a failing server and a cut line look like: the words, and the way back. */
  async failures() {
    const org = facts.organisation;
    const page = await signIn(await openPage(), org, 'manager');
    const said = { server: {}, offline: {}, back: {} };
    const lists = { studies: /projects\/lung-nodules\/studies/, review: /projects\/lung-nodules\/cases/, jobs: /api\/v1\/jobs/, datasets: /api\/v1\/datasets/ };
    for (const [name, pattern] of Object.entries(lists)) {
      await page.route(pattern, (route) => route.fulfill({ status: 500, contentType: 'text/html', body: '<h1>broken</h1>' }));
      await page.goto(`${facts.address}/t/${org.slug}/${name}`);
      await page.locator('[data-problem]').first().waitFor();
      said.server[name] = await page.locator('[data-problem]').first().innerText();
      await page.unroute(pattern);
      await page.getByRole('button', { name: 'Try again' }).first().click();
      await page.locator('[data-problem]').first().waitFor({ state: 'detached' });
      said.back[name] = (await page.locator('[data-problem]').count()) === 0;
    }
    await shot(page, 'failure-over');
    await page.route(/projects\/lung-nodules\/studies/, (route) => route.abort('internetdisconnected'));
    await page.goto(`${facts.address}/t/${org.slug}/studies`);
    await page.locator('[data-problem]').first().waitFor();
    said.offline = await page.locator('[data-problem]').first().innerText();
    await shot(page, 'failure-offline');
    return said;
  },

  /** A case from the worklist to the signature without a mouse. */
  async keyboard() {
    const org = facts.organisation;
    const page = await openPage();
    await page.goto(`${facts.address}/sign-in`);
    await settled(page);
    await page.keyboard.type(`reader2@${org.slug}.example`);
    await page.keyboard.press('Enter');
    await page.waitForSelector('input[name=password]');
    await page.keyboard.type(org.password);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/worklist/);
    await page.waitForSelector('[role=row][data-key]');
    const reached = [];
    for (let step = 0; step < 40; step += 1) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate(() => document.activeElement?.getAttribute('role') ?? document.activeElement?.tagName));
      if (reached.at(-1) === 'row') break;
    }
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/read\//);
    await ready(page);
    const start = Number((await viewer(page)).slice);
    await page.keyboard.press('ArrowDown');
    await until(async () => Number((await viewer(page)).slice) === start + 1, 'the arrow key scrolls');
    await page.keyboard.press('2');
    await page.keyboard.press('?');
    await page.waitForSelector('[role=dialog]');
    await shot(page, 'page-keys');
    await page.keyboard.press('Escape');
    await page.waitForSelector('[role=dialog]', { state: 'detached' });
    const unanswered = page.url();
    await page.keyboard.press('Control+Enter');
    await page.locator('[data-notice=missing], .notice').first().waitFor();
    const missing = await page.locator('.ws-right').innerText();
    await page.keyboard.press('n');
    await until(async () => (await save(page)).state === 'saved', 'the answer is saved');
    const axeReading = await axe(page);
    await page.setViewportSize({ width: 3840, height: 1600 });
    await shot(page, 'page-reading-3840');
    await page.keyboard.press('Control+Enter');
    await page.waitForURL((url) => url.href !== unanswered);
    return { reached: reached.at(-1), steps: reached.length, missing, axe: axeReading, landed: new URL(page.url()).pathname };
  },
});
