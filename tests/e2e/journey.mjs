// From two blinded reads to a pulled release, in two organisations at once, by mouse and keyboard.
import { call, counts, drag, facts, openPage, pause, problems, ready, run, save, saved, settled, shot, signIn, until, viewer, visit } from './browser.mjs';

// Where the nodule lies in the image, as fractions of its columns and rows.
const NODULE = { column: 0.36, row: 0.475 };

/** A drag across the nodule, shifted by fractions of the image; returns when the page has counted it. */
async function outline(page, shift) {
  const box = await page.locator('[data-pane=stack]').boundingBox();
  const side = Math.min(box.width, box.height);
  const point = (column, row) => [
    ((box.width - side) / 2 + column * side) / box.width,
    ((box.height - side) / 2 + row * side) / box.height,
  ];
  const before = (await counts(page))['1'] ?? 0;
  const { column, row } = NODULE;
  await drag(page, [point(column - 0.02 + shift, row - 0.01), point(column + 0.02 + shift, row + 0.01)]);
  await until(async () => ((await counts(page))['1'] ?? 0) > before, 'the brush draws');
}

async function openNext(page, organisation) {
  await visit(page, organisation, 'worklist');
  await page.waitForSelector('[role=row][data-key]');
  await page.keyboard.press('n');
  await page.waitForURL(/\/read\//);
  await ready(page);
}

/** Takes the next case with one key, draws on three slices, reloads, and signs with one key. */
async function readCase(organisation, who, shift) {
  const heard = [];
  const page = await openPage({ heard });
  await signIn(page, organisation, who);
  await openNext(page, organisation);
  await until(async () => Number((await viewer(page)).loaded) === Number((await viewer(page)).slices), 'every slice is here');
  const opened = await viewer(page);
  await shot(page, `${organisation.slug}-${who}-opened`);
  await page.keyboard.press('b');
  for (let slice = 0; slice < 3; slice += 1) {
    await outline(page, shift);
    const here = Number((await viewer(page)).slice);
    await page.keyboard.press('ArrowDown');
    await until(async () => Number((await viewer(page)).slice) === here + 1, 'the next slice is shown');
  }
  await saved(page);
  const drawn = (await counts(page))['1'];
  const { revision } = await save(page);
  await shot(page, `${organisation.slug}-${who}-drawn`);
  await page.reload();
  await ready(page);
  const reloaded = (await counts(page))['1'];
  const readPath = new URL(page.url()).pathname;
  return { page, heard, said: { slices: Number(opened.slices), first_image_ms: Number(opened.firstImageMs), last_image_ms: Number(opened.lastImageMs), drawn, reloaded, revision, readPath } };
}

async function submit(page) {
  const before = page.url();
  await page.keyboard.press('Control+Enter');
  await page.waitForURL((url) => url.href !== before);
}

/** Both readers draw before either signs, so that what each page hears is heard while the other's work exists. */
async function twoReads(organisation) {
  const first = await readCase(organisation, 'reader1', 0);
  const second = await readCase(organisation, 'reader2', 0.03);
  await visit(first.page, organisation, 'worklist');
  await first.page.goto(`${facts.address}${first.said.readPath}`);
  await ready(first.page);
  await submit(first.page);
  await submit(second.page);
  await visit(second.page, organisation, 'worklist');
  const names = { reader1: ['佐藤', 'reader2@'], reader2: ['Ana Ruiz', 'reader1@'] };
  const otherReadId = (said) => said.readPath.split('/').at(-1);
  const leaks = (reader, forbidden) => reader.heard.filter(({ body }) => forbidden.some((word) => body.includes(word))).map(({ url }) => url);
  const said = {
    reader1: first.said,
    reader2: second.said,
    bodies: first.heard.length + second.heard.length,
    leaks: [
      ...leaks(first, [...names.reader1, otherReadId(second.said)]),
      ...leaks(second, [...names.reader2, otherReadId(first.said)]),
    ],
    others_read: (await call(second.page, 'GET', `/t/${organisation.slug}/api/v1/reads/${otherReadId(first.said)}`)).status,
  };
  await first.page.context().close();
  return { said, page: second.page };
}

async function adjudicate(organisation) {
  const page = await openPage();
  await signIn(page, organisation, 'adjudicator');
  await until(async () => {
    await visit(page, organisation, 'worklist');
    return (await page.locator('[role=row][data-key]').count()) > 0;
  }, 'the disagreement reaches the adjudicator');
  await page.keyboard.press('n');
  await page.waitForURL(/\/read\//);
  await ready(page);
  await page.waitForSelector('[data-adjudication] .ws-item');
  const items = await page.locator('[data-adjudication] .ws-item').count();
  const line = (await page.locator('[data-adjudication] .row.between').first().innerText()).split('\n')[0];
  await page.click('[data-adopt=A]');
  await until(async () => ((await counts(page))['1'] ?? 0) > 0, 'A is taken');
  await saved(page);
  const adopted = (await counts(page))['1'];
  await page.keyboard.press('b');
  await outline(page, 0.01);
  await until(async () => (await save(page)).state === 'saved' && (await counts(page))['1'] > adopted, 'the redrawing is saved');
  await page.locator('[data-adjudication] textarea').fill('The lateral margin belongs to the vessel.');
  await shot(page, `${organisation.slug}-adjudication`);
  const redrawn = (await counts(page))['1'];
  await submit(page);
  await page.context().close();
  return { items, line, adopted, redrawn };
}

/** The manager sees the case settled and makes a release of it, all in the pages. */
async function release(organisation) {
  const page = await openPage();
  await signIn(page, organisation, 'manager');
  await until(async () => {
    await visit(page, organisation, 'review?project=lung-nodules');
    return page.locator('[role=row][data-key]', { hasText: 'Settled' }).count();
  }, 'the case is settled');
  await page.locator('[role=row][data-key]').first().dblclick();
  await page.waitForURL(/\/cases\//);
  await settled(page);
  await page.getByText('Reference standard by').waitFor();
  await shot(page, `${organisation.slug}-case`);
  const standard = await page.getByText('Reference standard by').innerText();
  await visit(page, organisation, 'datasets');
  await page.getByRole('button', { name: 'New dataset' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: false }).first().fill('Lung nodules');
  await dialog.getByLabel('Short name').fill('lung-nodules');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.waitForURL(/\/datasets\/lung-nodules/);
  await page.getByLabel('What this version is for').fill('The first case');
  await page.getByRole('button', { name: 'Make a version' }).click();
  await until(async () => (await page.locator('[role=row][data-key]').count()) > 0, 'the version appears by itself');
  await page.locator('[role=row][data-key]').first().dblclick();
  await page.waitForURL(/\/versions\//);
  await settled(page);
  await page.getByRole('button', { name: 'Export as NIfTI' }).click();
  await page.getByRole('button', { name: 'Export as DICOM SEG' }).click();
  const exported = page.locator('table.plain').first().getByText('Ready');
  await until(async () => (await exported.count()) === 2, 'both exports are ready', 180_000);
  await shot(page, `${organisation.slug}-version`);
  await page.getByLabel('Name of the release').fill('2026.1');
  await page.getByLabel('Terms of use').fill('Research use.');
  await page.getByRole('button', { name: 'Make the release' }).click();
  await page.waitForURL(/\/datasets\/lung-nodules$/);
  const card = page.locator('[data-release="2026.1"]');
  await card.getByLabel('E-mail').fill(`customer@${organisation.slug}.example`);
  await card.getByRole('button', { name: 'Let a customer pull it' }).click();
  await card.getByText('Casey Lindqvist').waitFor();
  await card.getByRole('button', { name: 'Publish' }).click();
  await card.getByText('Published').first().waitFor();
  await shot(page, `${organisation.slug}-release`);
  await page.context().close();
  return { standard };
}

/** The customer finds the release and makes the token the command line needs. */
async function customer(organisation) {
  const page = await openPage();
  await signIn(page, organisation, 'customer');
  await visit(page, organisation, 'releases');
  await page.locator('[role=row][data-key]').first().dblclick();
  await page.waitForURL(/\/releases\/lung-nodules\/2026.1/);
  await settled(page);
  const command = await page.locator('.command-line code').first().innerText();
  await shot(page, `${organisation.slug}-customer`);
  const upstream = (await call(page, 'GET', `/t/${organisation.slug}/api/v1/projects/lung-nodules/studies`)).status;
  await visit(page, organisation, 'settings');
  await page.getByLabel('What it is for').fill('Pull here');
  await page.getByRole('button', { name: 'Make a token' }).click();
  const token = await page.locator('[data-token]').innerText();
  await page.context().close();
  return { command, token, upstream };
}

/** What somebody of `stranger` is shown at the addresses of `owner`. */
async function strangers(page, owner, addresses) {
  const seen = {};
  for (const path of addresses) {
    await page.goto(`${facts.address}${path}`);
    await until(async () => (await page.locator('[data-problem], [data-empty]').count()) > 0, `${path} says that it is not there`);
    seen[path] = await page.locator('[data-problem], [data-empty]').first().innerText();
  }
  await shot(page, `stranger-at-${owner.slug}`);
  return seen;
}

async function organisationLife(organisation) {
  const reads = await twoReads(organisation);
  const adjudication = await adjudicate(organisation);
  const released = await release(organisation);
  const pulled = await customer(organisation);
  return { page: reads.page, said: { ...reads.said, adjudication, ...released, ...pulled } };
}

await run({
  async worlds() {
    const [a, b] = await Promise.all([organisationLife(facts.a), organisationLife(facts.b)]);
    const slug = facts.a.slug;
    const paths = [a.said.reader1.readPath, `/t/${slug}/worklist`, `/t/${slug}/projects/lung-nodules`, `/t/${slug}/datasets/lung-nodules`];
    const stranger = await strangers(b.page, facts.a, paths);
    const api = {};
    for (const path of ['worklist', 'projects', 'jobs', 'datasets', `reads/${a.said.reader1.readPath.split('/').at(-1)}`]) {
      api[path] = (await call(b.page, 'GET', `/t/${slug}/api/v1/${path}`)).status;
    }
    return { a: a.said, b: b.said, stranger, api };
  },
});
