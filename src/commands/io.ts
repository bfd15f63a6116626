// What a command is given of the process it runs in, so that a test can give it something else.
import type { Ask } from '../host/terminal.ts';

export type Io = {
  stdout: (text: string) => void;
  stderr: (text: string) => void;
  /** The bytes of standard input. */
  stdin: AsyncIterable<Uint8Array>;
  openPrompt: () => { ask: Ask; close: () => void };
  /** Standard input and output are both a terminal. */
  isTerminal: boolean;
  columns: number;
  color: boolean;
  /** The locale's characters are Unicode: drawings may be made of more than ASCII. */
  unicode: boolean;
  /** Somebody listens to what is printed: nothing is drawn, all is said in words. */
  isSpoken: boolean;
  now: () => Date;
};
