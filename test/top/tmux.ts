import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Whether tmux is installed. */
export const hasTmux: boolean = spawnSync('tmux', ['-V']).status === 0;

const PROMPT = 'ready> ';
const MOST_MILLISECONDS = 20_000;

/** A shell in a terminal of tmux. */
export class Terminal {
  readonly #folder: string;
  readonly #socket: string;
  #files = 0;

  constructor(folder: string, width: number, height: number, env: Readonly<Record<string, string>> = {}) {
    this.#folder = folder;
    this.#socket = join(folder, 'tmux');
    const shell = `env -u TMUX PS1='${PROMPT}' bash --norc --noprofile -i`;
    execFileSync(
      'tmux',
      [
        '-f',
        '/dev/null',
        '-S',
        this.#socket,
        'new-session',
        '-d',
        '-x',
        `${width}`,
        '-y',
        `${height}`,
        shell,
      ],
      { env: { ...process.env, ...env } },
    );
  }

  /** The text on the screen, without spaces at the ends of lines. */
  text(): string {
    return this.#tmux('capture-pane', '-p').trimEnd();
  }

  /** Whether the cursor is visible, the other screen is in use, and long lines wrap. */
  modes(): string {
    return this.#tmux(
      'display-message',
      '-p',
      'cursor #{cursor_flag} other #{alternate_on} wrap #{wrap_flag}',
    ).trim();
  }

  /** Types text; names of keys such as Enter and C-c are keys. */
  type(...keys: readonly string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  resize(width: number, height: number): void {
    this.#tmux('resize-window', '-x', `${width}`, '-y', `${height}`);
  }

  /** Waits until the screen shows what is looked for; returns it. */
  async until(looksFor: RegExp): Promise<string> {
    for (const end = Date.now() + MOST_MILLISECONDS; ; ) {
      const text = this.text();
      if (looksFor.test(text)) return text;
      if (Date.now() > end) throw new Error(`${looksFor} does not appear:\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Runs a command of the shell and returns what it printed and how it ended. */
  async run(command: string): Promise<{ readonly out: string; readonly code: number }> {
    const file = join(this.#folder, `out${this.#files++}`);
    this.type(`${command} > ${file}; echo $? > ${file}.code`, 'Enter');
    for (let i = 0; !existsSync(`${file}.code`) || readFileSync(`${file}.code`).length === 0; i++) {
      if (i > 400) throw new Error(`${command} does not end:\n${this.text()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return { out: readFileSync(file, 'utf8'), code: Number(readFileSync(`${file}.code`, 'utf8')) };
  }

  /** The settings of the terminal but for its size. */
  async settings(): Promise<string> {
    return (await this.run('stty -a')).out.replace(/rows \d+; columns \d+;/, '');
  }

  /** Sends a signal to the program that the shell runs. */
  signal(name: NodeJS.Signals): void {
    const shell = this.#tmux('display-message', '-p', '#{pane_pid}').trim();
    const children = readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim().split(' ');
    for (const child of children) process.kill(Number(child), name);
  }

  end(): void {
    spawnSync('tmux', ['-S', this.#socket, 'kill-server']);
    rmSync(this.#socket, { force: true });
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync('tmux', ['-S', this.#socket, ...args], { encoding: 'utf8' });
  }
}
