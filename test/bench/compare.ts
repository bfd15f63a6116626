// Times whole commands in turn, so that a busy machine slows both: medians, their ratio, peak memory.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

type Run = { seconds: number; peakMegabytes: number };

/** Medians over the rounds in seconds, and the most memory a run of ours took. */
export type Comparison = { own: number; yardstick: number; peakMegabytes: number };

/** Runs a command with its output thrown away through a pipe (grep stops early where it is /dev/null). */
function run([program = '', ...args]: readonly string[], codes: readonly number[]): Promise<Run> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let peak = 0;
    const watch = setInterval(() => {
      peak = Math.max(peak, readPeak(child.pid));
    }, 10);
    child.stdout.resume();
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(watch);
      if (!codes.includes(code ?? -1)) reject(new Error(`${[program, ...args].join(' ')} ended with ${code}`));
      else resolve({ seconds: (performance.now() - start) / 1000, peakMegabytes: peak });
    });
  });
}

/** The most memory that a process had so far, in MB; 0 once it has ended. */
function readPeak(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1000;
  } catch {
    return 0;
  }
}

/** The middle one, of an even count the upper. */
export const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;

/** Runs both commands in turn, `rounds` times after one that is not counted; `codes` are exit codes that are no failure. */
export async function compare(
  ours: readonly string[],
  yardstick: readonly string[],
  rounds: number,
  codes: readonly number[] = [0],
): Promise<Comparison> {
  const times = { ours: [] as number[], yardstick: [] as number[] };
  let peak = 0;
  for (let round = 0; round <= rounds; round++) {
    const [own, other] = [await run(ours, codes), await run(yardstick, codes)];
    peak = Math.max(peak, own.peakMegabytes);
    if (round === 0) continue;
    times.ours.push(own.seconds);
    times.yardstick.push(other.seconds);
  }
  return { own: median(times.ours), yardstick: median(times.yardstick), peakMegabytes: peak };
}

/** Prints a comparison: how many times as fast as the yardstick, and what was aimed at. */
export function reportPair(title: string, { own, yardstick, peakMegabytes }: Comparison, goal: number): void {
  const ratio = (yardstick / own).toFixed(2);
  const speed = `${own.toFixed(3)} s against ${yardstick.toFixed(3)} s: ${ratio} times as fast (goal ${goal})`;
  console.log(`${title}: ${speed}, peak memory ${peakMegabytes.toFixed(0)} MB`);
}
