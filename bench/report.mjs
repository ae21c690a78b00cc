// The rows of the bench, with bars, as a table in Markdown.
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

const HEAD = ['job', 'structpage', 'beside', 'ratio', 'of CPU', 'bar', ''];

/** A time for people. */
export function time(seconds) {
  return seconds < 10 ? `${(seconds * 1000).toFixed(0)} ms` : `${seconds.toFixed(1)} s`;
}

export function rate(pages, seconds) {
  return `${(pages / seconds / 1e6).toFixed(1)} M/s`;
}

/** Collects rows; a row that misses its bar is marked. */
export class Report {
  rows = [];
  notes = [];

  /** `ratio` is of times, `cpu` the same of processor time; `bar` is { least } or { most } for the ratio, or for `value`. */
  add(job, { ours, beside = '', ratio, cpu, bar, value = ratio, text }) {
    const met = bar === undefined || (bar.least !== undefined ? value >= bar.least : value <= bar.most);
    const said = text ?? (bar ? (bar.least !== undefined ? `>= ${bar.least}` : `<= ${bar.most}`) : '');
    const cells = [job, ours, beside, number(ratio), number(cpu), said, met ? '' : '**missed**'];
    this.rows.push(cells);
    process.stdout.write(`${cells.join(' | ')}\n`);
  }

  table() {
    const widths = HEAD.map((name, i) =>
      Math.max(name.length, ...this.rows.map((cells) => cells[i].length), 3),
    );
    const lines = [HEAD, widths.map((width) => '-'.repeat(width)), ...this.rows];
    return lines
      .map((cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`)
      .join('\n');
  }

  markdown(command, rounds, compiler) {
    const missed = this.rows.filter((cells) => cells.at(-1) !== '').length;
    const load = loadavg().map((n) => n.toFixed(1));
    return `# Results

${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model.trim()}, ${availableParallelism()} processors, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.versions.node}${compiler ? `, ${compiler}` : ''}.
Command: \`${command}\`. Load average at the end: ${load.join(', ')} (the bench itself keeps one to two processors busy; more than that is other work, which makes the times of threads worthless).

Medians of ${rounds} rounds in turn after one to warm up (fewer above 32 M pages). A ratio above 1 means that structpage is faster than what is beside it, but in the rows of
crash and drgn it is the part of their time that structpage needs. \`of CPU\` is the same ratio of processor time. ${missed === 0 ? 'Every bar was met.' : `${missed} of ${this.rows.filter((cells) => cells[5] !== '').length} bars were missed; those rows are marked.`} README.md says what the inputs are.

${this.table()}
${this.notes.map((note) => `\n- ${note}`).join('')}${this.notes.length > 0 ? '\n' : ''}`;
  }
}

function number(value) {
  if (value === undefined || !Number.isFinite(value)) return '';
  return value < 0.1 ? value.toFixed(4) : value.toFixed(2);
}

/** The first line that a compiler says of itself. */
export function versionOf(command) {
  return execFileSync(command, ['--version'], { encoding: 'utf8' }).split('\n')[0];
}
