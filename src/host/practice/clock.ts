// The practice server's time: it flows as the real one; only waiting is shortened by `speed`.

const BOOTED_AGO = 16_890;

/** What time it is on the practice server, and waiting there. */
export type Clock = {
  /** The time of day. */
  now(): Date;
  /** Seconds since the server was started, with fractions. */
  uptime(): number;
  /** Waits; true when the time was up, false when the signal ended it. */
  sleep(seconds: number, signal?: AbortSignal): Promise<boolean>;
  /** Runs the task again and again until it is told to stop. Never keeps the process alive. */
  every(seconds: number, task: () => void): () => void;
};

/** `now` gives the real time. `speed` divides what is waited: with 10, a second takes 100 ms. */
export function createClock(now: () => Date, speed: number): Clock {
  const startedAt = now().getTime();
  return {
    now,
    uptime: () => BOOTED_AGO + (now().getTime() - startedAt) / 1000,
    sleep: (seconds, signal) => sleep((seconds * 1000) / speed, signal),
    every(seconds, task) {
      const timer = setInterval(task, (seconds * 1000) / speed);
      timer.unref();
      return () => clearInterval(timer);
    },
  };
}

function sleep(milliseconds: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve(false);
    const end = (slept: boolean) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', interrupt);
      resolve(slept);
    };
    const interrupt = () => end(false);
    const timer = setTimeout(() => end(true), milliseconds);
    signal?.addEventListener('abort', interrupt);
  });
}
