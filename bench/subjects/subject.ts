import type { MeasuredProcess } from '../measured-process.ts';

/** What is given to everything that is measured. */
export interface Task {
  /** A folder of its own. */
  dir: string;
  log: string;
  /** Where the receiver listens. */
  port: number;
}

/** Something that delivers the lines of a log to a receiver. */
export interface Subject {
  name: string;
  start(task: Task): MeasuredProcess;
}
