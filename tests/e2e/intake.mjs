// Bringing files in, and the work they cause, as a manager sees both.
import { axe, facts, openPage, run, settled, shot, signIn, until, visit } from './browser.mjs';

const rowOf = (page, text) => page.locator('[role=row][data-key]', { hasText: text });

await run({
  /** A folder with good, broken and foreign files: progress, and a line with a reason for every one that is not taken. */
  async folder() {
    const org = facts.organisation;
    const page = await signIn(await openPage(), org, 'manager');
    await visit(page, org, 'projects/lung-nodules/intake');
    const empty = await page.locator('[data-empty]').innerText();
    const progress = new Set();
    await page.exposeFunction('heardProgress', (text) => progress.add(text));
    await page.evaluate(() => {
      new MutationObserver(() => {
        const found = document.body.innerText.match(/\d+ of \d+ files, [^\n]*/);
        if (found) window.heardProgress(found[0]);
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    await page.setInputFiles('[data-pick=folder]', facts.folder);
    await page.getByText('Everything arrived.').waitFor();
    await shot(page, 'intake-sent');
    await page.waitForSelector('[role=row][data-key]');
    await page.locator('[role=row][data-key]').first().dblclick();
    await page.waitForURL(/\/intake\//);
    await until(async () => (await page.locator('.row', { has: page.locator('h2') }).first().innerText()).includes('Done'), 'the delivery is done', 180_000);
    await settled(page);
    // a closed delivery has forgotten the names: people put patients' names into them
    const files = [];
    for (const row of await page.locator('[role=row][data-key]').all()) files.push((await row.locator('[role=gridcell]').allInnerTexts()).slice(1, 3));
    await rowOf(page, 'Refused').first().click();
    const panel = page.locator('.notice').last();
    await panel.waitFor();
    const remedy = await panel.innerText();
    await shot(page, 'intake-refused');
    return { empty, progress: [...progress], files, remedy, axe: await axe(page) };
  },

  /** One image is cut short: the series waits for a person, who says why it is turned away. */
  async held() {
    const org = facts.organisation;
    const page = await signIn(await openPage(), org, 'manager');
    await visit(page, org, 'projects/lung-nodules/intake');
    const before = await page.locator('[role=row][data-key]').count();
    await page.setInputFiles('[data-pick=files]', facts.files);
    await page.getByText('Everything arrived.').waitFor();
    await until(async () => (await page.locator('[role=row][data-key]').count()) > before, 'the delivery is listed');
    await page.locator('[role=row][data-key]').first().dblclick();
    await page.waitForURL(/\/intake\//);
    await until(async () => (await rowOf(page, 'Held').count()) === facts.files.length, 'the series is held', 180_000);
    await rowOf(page, 'short.dcm').click();
    const reason = await page.locator('.notice').last().innerText();
    const reject = page.getByRole('button', { name: 'Reject' });
    const unexplained = await reject.isDisabled();
    await page.getByLabel('Why you decide so').fill('It ends in the middle of the image.');
    const found = await axe(page);
    await reject.click();
    await rowOf(page, 'short.dcm').getByText('Refused').waitFor();
    await shot(page, 'intake-decided');
    return { reason, unexplained, axe: found };
  },

  /** Work appears on the jobs page by itself, is stopped there, and is run again. */
  async jobs() {
    const org = facts.organisation;
    const watcher = await signIn(await openPage(), org, 'manager');
    await visit(watcher, org, 'jobs');
    const before = await watcher.locator('[role=row][data-key]').count();
    const page = await watcher.context().newPage();
    await visit(page, org, 'projects/lung-nodules/intake');
    await page.setInputFiles('[data-pick=files]', facts.files);
    await until(async () => (await watcher.locator('[role=row][data-key]').count()) > before, 'the job appears without a reload', 120_000);
    const row = watcher.locator('[role=row][data-key]').first();
    const live = (await row.innerText()).split('\n');
    await row.click();
    await watcher.getByRole('button', { name: 'Cancel', exact: true }).click();
    await row.getByText('Cancelled').waitFor();
    await shot(watcher, 'jobs-cancelled');
    const cancelled = (await row.innerText()).split('\n');
    await watcher.getByRole('button', { name: 'Run again' }).click();
    await row.getByText('Done').waitFor({ timeout: 240_000 });
    await shot(watcher, 'jobs-done');
    return { live, cancelled, done: (await row.innerText()).split('\n'), axe: await axe(watcher) };
  },
});
