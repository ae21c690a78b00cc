import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const python = process.env.STRUCTPAGE_PYTHON;

/** The folder with the jobs for Spark. */
export const JOBS: string = fileURLToPath(new URL('../../fleet/spark/', import.meta.url));

/** The folder of Spark within the environment of STRUCTPAGE_PYTHON; undefined without pyspark or a JRE. */
export function sparkHome(): string | undefined {
  if (python === undefined || spawnSync('java', ['-version']).status !== 0) return undefined;
  const told = spawnSync(python, ['-c', 'import pyspark; print(pyspark.__path__[0])'], { encoding: 'utf8' });
  const home = told.stdout.trim();
  return told.status === 0 && existsSync(home) ? home : undefined;
}

/** How a job ended. */
export interface JobResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A process of the cluster, in a process group of its own. */
interface Daemon {
  readonly process: ChildProcess;
  readonly log: () => string;
}

const START_MS = 90_000;
/** Runs a command in the process group of the shell, and kills the group when the test has ended, however it ends. */
const UNTIL_PIPE_CLOSES = '"$0" "$@" < /dev/null & read -r; kill -9 0';

/** A standalone cluster of Spark on this machine: a master, and workers with one core each, as separate processes. */
export class Cluster {
  readonly #home: string;
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #daemons: Daemon[] = [];
  #address = '';

  private constructor(home: string, folder: string) {
    this.#home = home;
    this.#folder = folder;
    this.#environment = {
      ...process.env,
      SPARK_HOME: home,
      SPARK_LOCAL_IP: '127.0.0.1',
      SPARK_LOCAL_DIRS: join(folder, 'local'),
      PYSPARK_PYTHON: python,
    };
  }

  static async start(home: string, folder: string, workers: number): Promise<Cluster> {
    const cluster = new Cluster(home, folder);
    const master = cluster.#daemon('org.apache.spark.deploy.master.Master', '--port', '0');
    cluster.#address = await logged(master, /Starting Spark master at (spark:\/\/[\d.]+:\d+)/);
    for (let n = 0; n < workers; n++) {
      const options = ['--cores', '1', '--memory', '1g', '--work-dir', join(folder, `work-${n}`)];
      cluster.#daemon('org.apache.spark.deploy.worker.Worker', ...options, cluster.#address);
    }
    await Promise.all(
      cluster.#daemons.slice(1).map((d) => logged(d, /(Successfully registered) with master/)),
    );
    return cluster;
  }

  /** Runs a job with Spark's own spark-submit. `watch` is called with what the job has printed so far. */
  submit(
    job: string,
    args: readonly string[],
    settings: Readonly<Record<string, string>> = {},
    watch: (out: string) => void = () => {},
  ): Promise<JobResult> {
    const all = {
      'spark.executor.memory': '1g',
      'spark.ui.enabled': 'false',
      'spark.sql.shuffle.partitions': '4',
      'spark.driver.host': '127.0.0.1',
      ...settings,
    };
    const confs = Object.entries(all).flatMap(([key, value]) => ['--conf', `${key}=${value}`]);
    const modules = ['--py-files', join(JOBS, 'structpage_fleet.py')];
    return new Promise((resolve) => {
      const child = execFile(
        join(this.#home, 'bin', 'spark-submit'),
        ['--master', this.#address, ...confs, ...modules, join(JOBS, job), ...args],
        { env: this.#environment, maxBuffer: 1 << 28, cwd: this.#folder },
        (error, out, err) => resolve({ code: error ? Number(error.code ?? 1) : 0, out, err }),
      );
      // what Python writes to standard error is here too
      let printed = '';
      child.stdout!.on('data', (text: string) => {
        printed += text;
        watch(printed);
      });
    });
  }

  /** Kills a worker and its executors, as the loss of a machine would. */
  killWorker(worker: number): void {
    killGroup(this.#daemons[worker + 1]!.process);
  }

  async stop(): Promise<void> {
    for (const { process } of this.#daemons) killGroup(process);
    await Promise.all(
      this.#daemons.map(({ process: p }) => (p.exitCode ?? p.signalCode) === null && once(p, 'exit')),
    );
  }

  #daemon(className: string, ...args: readonly string[]): Daemon {
    const spark = [
      join(this.#home, 'bin', 'spark-class'),
      className,
      '--host',
      '127.0.0.1',
      '--webui-port',
      '0',
    ];
    const child = spawn('bash', ['-c', UNTIL_PIPE_CLOSES, ...spark, ...args], {
      env: this.#environment,
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
      cwd: this.#folder,
    });
    let text = '';
    child.stderr!.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    const daemon = { process: child, log: () => text };
    this.#daemons.push(daemon);
    return daemon;
  }
}

/** Executors are in the group of their worker. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}

/** Waits for a line of a log. */
async function logged(daemon: Daemon, pattern: RegExp): Promise<string> {
  const end = Date.now() + START_MS;
  for (;;) {
    const found = pattern.exec(daemon.log());
    if (found) return found[1]!;
    if (Date.now() > end || daemon.process.exitCode !== null) {
      throw new Error(`Spark does not start:\n${daemon.log()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
