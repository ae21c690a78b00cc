import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { StructPageError } from '../core/errors.ts';
import { openContext } from './context.ts';
import { noCounts, openScan } from './scan.ts';
import { Buffers, TaskControl, TaskRunner, tasksOf, type WorkerMessage, type WorkerStart } from './tasks.ts';

/** The entry of a worker thread: does tasks until there are none left. */
const { context, job, control: shared, port } = workerData as WorkerStart;
const tasks = tasksOf(job);
const control = new TaskControl(tasks.length, job.window, shared);
const buffers = new Buffers();

function send(message: WorkerMessage, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
  control.tell();
}

async function work(): Promise<void> {
  try {
    const counts = noCounts();
    const source = await openContext(context);
    const runner = new TaskRunner(openScan(source, job.plan, counts), job);
    for (let task = control.claim(true); task !== undefined; task = control.claim(true)) {
      for (let got = receiveMessageOnPort(port); got; got = receiveMessageOnPort(port)) {
        buffers.giveBack(got.message as ArrayBuffer);
      }
      const text = runner.collect(tasks[task]!, buffers, true);
      if (job.output.kind === 'summary') control.take();
      else {
        const own = text.busy === undefined && text.bytes.length > 0;
        send({ kind: 'text', task, ...text }, own ? [text.bytes.buffer as ArrayBuffer] : []);
      }
    }
    const troubles = [...source.reader.troubles.values()];
    send({
      kind: 'done',
      counts,
      troubles,
      ...(runner.counter ? { summary: runner.counter.summary() } : {}),
    });
  } catch (error) {
    const expected = error instanceof StructPageError;
    const message = expected ? error.message : String((error as Error)?.stack ?? error);
    send({ kind: 'failed', message, expected });
  }
  port.close();
}

void work();
