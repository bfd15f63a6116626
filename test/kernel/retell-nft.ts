// Rules are printed as nft 1.0 prints them. What nft 1.1 prints in other words, so that the two can be compared anywhere.

const all = (list: string): string => list.split(',').join(' | ');
const hex = (number: string): string => `0x${Number(number).toString(16)}`;

/** nft 1.0's words, and nft 1.1's for the same. */
const SINCE: readonly (readonly [said: RegExp, now: (...groups: string[]) => string])[] = [
  // `tcp flags syn / syn,ack`: `tcp flags & (syn | ack) == syn`
  [
    /(tcp flags|ct state) (!= )?([a-z,]+) \/ ([a-z,]+)/g,
    (_, field = '', not, value = '', mask = '') => `${field} & (${all(mask)}) ${not ? '!=' : '=='} ${all(value)}`,
  ],
  [
    /(ip frag-off) & (\d+) (==|!=) (\d+)/g,
    (_, field = '', mask = '', is = '', value = '') => `${field} & ${hex(mask)} ${is} ${hex(value)}`,
  ],
  [/(limit rate (?:over )?\d+\/\w+\b)(?! burst)/g, (_, limit = '') => `${limit} burst 5 packets`],
  [/(>> \d+ & 0x)0+([\da-f])/g, (_, before = '', digits = '') => `${before}${digits}`],
  [/(update @dynmap \{ ip saddr : )(\d+)/g, (_, before = '', mark = '') => `${before}0x${mark.padStart(8, '0')}`],
];

/** A rule in the words of the nft given by `nft --version`; its own words where that is older than 1.1. */
export function retellNft(text: string, versionLine: string): string {
  const [, major = '0', minor = '0'] = /v(\d+)\.(\d+)/.exec(versionLine) ?? [];
  if (Number(major) < 1 || (major === '1' && Number(minor) < 1)) return text;
  return SINCE.reduce((words, [said, now]) => words.replace(said, now), text);
}
