import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { StructPageError } from '../core/errors.ts';
import { buffersOf, ChunkOutput } from './chunk-output.ts';
import { openContext } from './context.ts';
import { FOLDS } from './fold.ts';
import { noCounts, openScan, type Scan } from './scan.ts';
import { TaskControl, type TaskPiece, tasksOf, type WorkerMessage, type WorkerStart } from './tasks.ts';
import { Buffers, TextOutput } from './text-output.ts';

/** The entry point of a worker thread: processes tasks until none are left. */
const { context, job, control: shared, port } = workerData as WorkerStart;
const { output, plan, ranges } = job;
const tasks = tasksOf(job);
const control = new TaskControl(tasks.length, job.window, shared);

function send(message: WorkerMessage, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
  control.tell();
}

function sendPiece(task: number, piece: TaskPiece): void {
  const own =
    piece.kind === 'chunk'
      ? buffersOf(piece)
      : piece.busy === undefined && piece.bytes.length > 0
        ? [piece.bytes.buffer as ArrayBuffer]
        : [];
  send({ kind: 'piece', task, piece }, own);
}

/** Processes tasks by the job's kind; returns the result if it is a fold. */
function doTasks(scan: Scan): unknown {
  const claim = (): number | undefined => control.claim(true);
  const read = (task: number) => scan.read(tasks[task]!, ranges);
  switch (output.kind) {
    case 'fold': {
      const folding = FOLDS[output.fold].start(scan.decoder);
      for (let task = claim(); task !== undefined; task = claim()) {
        folding.add(read(task));
        control.take();
      }
      return folding.result();
    }
    case 'chunk': {
      const chunks = new ChunkOutput(scan.decoder, output.columns);
      for (let task = claim(); task !== undefined; task = claim()) {
        sendPiece(task, { kind: 'chunk', ...chunks.chunk(read(task)) });
      }
      return undefined;
    }
    case 'text': {
      const texts = new TextOutput(scan.decoder, output.columns, output.style);
      const buffers = new Buffers();
      for (let task = claim(); task !== undefined; task = claim()) {
        for (let got = receiveMessageOnPort(port); got; got = receiveMessageOnPort(port)) {
          buffers.giveBack(got.message as ArrayBuffer);
        }
        sendPiece(task, { kind: 'text', ...texts.whole(read(task), buffers, true) });
      }
      return undefined;
    }
  }
}

async function work(): Promise<void> {
  try {
    const counts = noCounts();
    const source = await openContext(context);
    const scan = openScan(source, plan, counts);
    const folded = doTasks(scan);
    send({ kind: 'done', counts, rows: scan.rows, troubles: [...source.reader.troubles.values()], folded });
  } catch (error) {
    const expected = error instanceof StructPageError;
    const message = expected ? error.message : String((error as Error)?.stack ?? error);
    send({ kind: 'failed', message, expected });
  }
  port.close();
}

void work();
