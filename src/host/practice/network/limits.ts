// Rate limits (`-m limit`) as the kernel keeps them: a bucket of tokens for each rule, filled at the rule's rate.
import type { RulePlace } from '../../../firewall/conversation/trace.ts';
import type { Clock } from '../clock.ts';

const SECONDS: Readonly<Record<string, number>> = { sec: 1, min: 60, hour: 3600, day: 86_400 };

/** Takes a token out of the rule's bucket, if there is one. */
export type Limits = { take(rule: RulePlace): boolean };

export function createLimits(clock: Clock): Limits {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take({ family, table, chain, text }) {
      const { rate, burst } = parseLimit(text);
      const key = [family, table, chain, text].join(' ');
      const now = clock.uptime();
      const bucket = buckets.get(key) ?? { tokens: burst, at: now };
      bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.at) * rate);
      bucket.at = now;
      buckets.set(key, bucket);
      if (bucket.tokens < 1) return false;
      bucket.tokens -= 1;
      return true;
    },
  };
}

/** `-m limit --limit 5/min --limit-burst 10`: tokens a second, and how many the bucket holds. */
function parseLimit(text: string): { rate: number; burst: number } {
  const [, count = '3', unit = 'hour'] = /--limit (\d+)\/(\w+)/.exec(text) ?? [];
  const [, burst = '5'] = /--limit-burst (\d+)/.exec(text) ?? [];
  return { rate: Number(count) / (SECONDS[unit] ?? 3600), burst: Number(burst) };
}
