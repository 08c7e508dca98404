import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** The browser of this machine; undefined without one. */
export const chromium: string | undefined = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0,
);

type Facts = Readonly<Record<string, unknown>>;

type Message = {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: Facts;
  readonly result?: Facts;
  readonly error?: { readonly message: string };
};

interface AccessibleNode {
  readonly ignored: boolean;
  readonly role?: { readonly value: string };
  readonly name?: { readonly value?: string };
}

/** A browser without a window, spoken to over pipes: no port is open. */
export class Browser {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #listeners = new Set<(message: Message) => void>();
  #last = 0;

  private constructor(child: ChildProcess, profile: string) {
    this.#child = child;
    this.#profile = profile;
    let text = '';
    (child.stdio[4] as Readable).setEncoding('utf8').on('data', (piece: string) => {
      const messages = (text + piece).split('\0');
      text = messages.pop()!;
      for (const each of messages) this.#take(JSON.parse(each) as Message);
    });
  }

  static start(): Browser {
    const profile = mkdtempSync(join(tmpdir(), 'supplemental-backup-browser-'));
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-extensions'];
    const child = spawn(
      chromium!,
      [...flags, '--remote-debugging-pipe', `--user-data-dir=${profile}`, 'about:blank'],
      {
        stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
        detached: true,
      },
    );
    return new Browser(child, profile);
  }

  #take(message: Message): void {
    if (message.id === undefined) for (const listen of this.#listeners) listen(message);
    else {
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    }
  }

  listen(listener: (message: Message) => void): void {
    this.#listeners.add(listener);
  }

  send(method: string, params: object = {}, sessionId?: string): Promise<Facts> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) =>
        error === undefined ? resolve(result!) : reject(new Error(`${method}: ${error.message}`)),
      );
      (this.#child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  /** Every process of the browser, with the kind of each. */
  async processes(): Promise<readonly { readonly id: number; readonly type: string }[]> {
    return (await this.send('SystemInfo.getProcessInfo'))['processInfo'] as readonly {
      readonly id: number;
      readonly type: string;
    }[];
  }

  // The browser is several processes: it was started as the leader of a group of its own.
  async close(): Promise<void> {
    const { pid, exitCode } = this.#child;
    if (pid !== undefined && exitCode === null) {
      const gone = new Promise((resolve) => this.#child.on('exit', resolve));
      process.kill(-pid, 'SIGKILL');
      await gone;
    }
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** One page, as a person has it before them. */
export class Page {
  readonly #browser: Browser;
  readonly #session: string;
  /** The addresses of everything that the page and its workers asked for. */
  readonly requests: string[] = [];
  /** What was said on the console, and what nobody caught. */
  readonly complaints: string[] = [];

  private constructor(browser: Browser, session: string) {
    this.#browser = browser;
    this.#session = session;
  }

  static async open(browser: Browser, address: string, downloads: string): Promise<Page> {
    const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(browser, sessionId as string);
    browser.listen((message) => page.#hear(message));
    await browser.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: downloads });
    for (const domain of ['Network', 'Page', 'Runtime', 'Log']) await page.send(`${domain}.enable`);
    await page.send('Target.setAutoAttach', {
      autoAttach: true,
      waitForDebuggerOnStart: true,
      flatten: true,
    });
    await page.send('Page.navigate', { url: address });
    return page;
  }

  send(method: string, params: object = {}): Promise<Facts> {
    return this.#browser.send(method, params, this.#session);
  }

  #hear({ method, params }: Message): void {
    const facts = params ?? {};
    if (method === 'Network.requestWillBeSent') this.requests.push((facts['request'] as { url: string }).url);
    if (method === 'Log.entryAdded') this.complaints.push((facts['entry'] as { text: string }).text);
    if (method === 'Runtime.exceptionThrown') this.complaints.push(JSON.stringify(facts['exceptionDetails']));
    if (method === 'Target.attachedToTarget') {
      const session = facts['sessionId'] as string;
      // A worker may be gone again before anybody speaks to it.
      for (const method of ['Network.enable', 'Runtime.runIfWaitingForDebugger'])
        this.#browser.send(method, {}, session).catch(() => undefined);
    }
  }

  /** The value of an expression in the page. */
  async evaluate<Value>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: Value }).value;
  }

  /** Waits until an expression is true. */
  async until(expression: string, seconds = 30): Promise<void> {
    for (const end = Date.now() + 1000 * seconds; Date.now() < end; ) {
      if (await this.evaluate<boolean>(`Boolean(${expression})`)) return;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    throw new Error(`never true: ${expression}\n${await this.text()}`);
  }

  /** Loads the page anew. The old one still answers for a moment, and takes what was meant for the new one. */
  async reload(): Promise<void> {
    await this.evaluate('void (window.isOld = true)');
    await this.send('Page.reload');
    await this.until('!window.isOld && document.readyState === "complete"');
  }

  /** What can be read on the page. */
  text(): Promise<string> {
    return this.evaluate('document.body.innerText');
  }

  /** Waits until a text can be read. */
  untilText(text: string, seconds?: number): Promise<void> {
    return this.until(`document.body.innerText.includes(${JSON.stringify(text)})`, seconds);
  }

  /** Gives files to an input, as the dialog of the system would. */
  async choose(selector: string, files: readonly string[]): Promise<void> {
    const { root } = await this.send('DOM.getDocument');
    const { nodeId } = await this.send('DOM.querySelector', {
      nodeId: (root as { nodeId: number }).nodeId,
      selector,
    });
    await this.send('DOM.setFileInputFiles', { nodeId, files });
  }

  /** Presses the first button, link or choice that has a name. */
  async press(name: string): Promise<void> {
    const found = `[...document.querySelectorAll('button, label')].find((each) => each.textContent.trim() === ${JSON.stringify(name)} || each.getAttribute('aria-label') === ${JSON.stringify(name)})`;
    await this.until(`(${found}) && !(${found}).disabled`);
    await this.evaluate(`(${found}).click()`);
  }

  /** Types into whatever has the focus. */
  async type(text: string): Promise<void> {
    await this.send('Input.insertText', { text });
  }

  async key(key: 'Enter' | 'Tab', modifiers = 0): Promise<void> {
    const code = key === 'Enter' ? 13 : 9;
    const text = key === 'Enter' ? '\r' : undefined;
    const facts = { key, code: key, windowsVirtualKeyCode: code, modifiers };
    await this.send('Input.dispatchKeyEvent', { type: 'keyDown', ...facts, text });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...facts });
  }

  /** Presses Tab until something with a name has the focus. */
  async tabTo(name: string): Promise<void> {
    const focused = `(() => { const one = document.activeElement; return (one.getAttribute('aria-label') ?? one.labels?.[0]?.textContent ?? one.textContent).trim(); })()`;
    for (let presses = 0; presses < 60; presses++) {
      if ((await this.evaluate<string>(focused)) === name) return;
      await this.key('Tab');
    }
    throw new Error(`Tab never came to ${name}`);
  }

  /** Replaces what stands in a field. */
  async fill(selector: string, text: string): Promise<void> {
    const field = `document.querySelector(${JSON.stringify(selector)})`;
    await this.until(field);
    await this.evaluate(`(${field}.focus(), ${field}.select())`);
    await this.type(text);
    assert.equal(await this.evaluate(`${field}.value`), text, `${selector} takes no text`);
  }

  /** Roles of what can be used and has no name for a screen reader. */
  async nameless(): Promise<readonly string[]> {
    const { nodes } = (await this.send('Accessibility.getFullAXTree')) as {
      nodes: readonly AccessibleNode[];
    };
    const usable = /^(?:button|checkbox|combobox|Date|link|radio|searchbox|textbox)$/;
    return nodes
      .filter(({ ignored, role, name }) => !ignored && usable.test(role?.value ?? '') && !name?.value?.trim())
      .map(({ role }) => role!.value);
  }

  async picture(path: string, width: number, height: number, isWhole = false): Promise<void> {
    await this.send('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: width < 500,
    });
    const { data } = await this.send('Page.captureScreenshot', {
      format: 'png',
      captureBeyondViewport: isWhole,
    });
    writeFileSync(path, Buffer.from(data as string, 'base64'));
  }
}
