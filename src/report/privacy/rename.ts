// Renames what tells whose server it is: addresses, hosts, users, network cards; each always to the same, so that the rules still judge alike.
import { at } from '../../at.ts';
import { formatAddress, parseAddress, prefixRange } from '../../firewall/model/address.ts';
import type { Address } from '../../firewall/model/packet.ts';
import { createAddressRenaming, type Range } from './rename-address.ts';
import { createNameRenaming } from './rename-names.ts';

/** What is known beside the texts themselves. `key`: 128 secret bits; who has them can name everything back. */
export type Known = { readonly key: bigint; readonly hosts: readonly string[]; readonly users: readonly string[] };

export type Renaming = {
  readonly text: (text: string) => string;
  readonly address: (address: string) => string;
  /** What could not be renamed without another verdict, in words; null where all was. */
  readonly kept: string | null;
};

const V4 = String.raw`(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)`;
// At least two colons; whether it is an address is told by reading it.
const V6 = String.raw`(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}(?:[0-9a-fA-F]{1,4}|\d{1,3}(?:\.\d{1,3}){3})?(?![\w:])`;
const ADDRESS = new RegExp(`${V6}|${V4}`, 'g');

/** A network: `10.0.0.0/8`, `10.0.0.0/255.0.0.0`; in nft's JSON an address and a length. */
const NETWORK = new RegExp(`(${V6}|${V4})/(${V4}|\\d{1,3}(?![\\d.]))`, 'g');
const JSON_NETWORK = new RegExp(`("addr":\\s*")(${V6}|${V4})(",\\s*"len":\\s*)(\\d+)`, 'g');

const RANGE = new RegExp(`(${V6}|${V4})-(${V6}|${V4})`, 'g');
const JSON_RANGE = new RegExp(`"range":\\s*\\[\\s*"(${V6}|${V4})",\\s*"(${V6}|${V4})"`, 'g');

/** An address of which a rule reads single bits: their places must stay. */
const BITS_READ = /\b[sd]addr\s+&|"&":\s*\[\s*\{\s*"payload":\s*\{[^}]*"[sd]addr"|\bu32\b|--bytecode|@nh,|@ll,/;

const MAC = /(?<![\w:])[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5,}(?![\w:])/g;

/** How many leading ones a mask has; null where other ones follow. */
const onesOf = (mask: string): number | null => {
  const address = parseAddress(mask);
  if (typeof address !== 'number') return /^\d+$/.test(mask) ? Number(mask) : null;
  const bits = address.toString(2).padStart(32, '0');
  return /^1*0*$/.test(bits) ? bits.replaceAll('0', '').length : null;
};

const everything: readonly Range[] = [
  { from: 0, to: 0xffffffff },
  { from: 0n, to: (1n << 128n) - 1n },
];

const rangesIn = (text: string): Range[] =>
  [...text.matchAll(RANGE), ...text.matchAll(JSON_RANGE)].flatMap(([, one = '', other = '']) => {
    const [from, to] = [parseAddress(one), parseAddress(other)];
    return from === null || to === null || typeof from !== typeof to ? [] : [{ from, to }];
  });

const hasStrangeMask = (text: string): boolean =>
  [...text.matchAll(NETWORK)].some(([, , mask = '']) => onesOf(mask) === null);

/** As the address was written: the kernel logs IPv6 with all its zeros. */
const writtenAs = (text: string, address: Address): string => {
  const short = formatAddress(address);
  if (typeof address === 'number' || !/^(?:[0-9a-f]{4}:){7}[0-9a-f]{4}$/i.test(text)) return short;
  return Array.from({ length: 8 }, (_, part) =>
    ((address >> BigInt(112 - 16 * part)) & 0xffffn).toString(16).padStart(4, '0'),
  ).join(':');
};

/** Numbers the cards in their order; none, and all, stay what they are. */
const createCardRenaming = () => {
  const numbers = new Map<string, string>();
  return (card: string): string => {
    if (/^(?:00|:)+$|^(?:ff|:)+$/i.test(card)) return card;
    const known =
      numbers.get(card.toLowerCase()) ??
      (numbers.size + 1)
        .toString(16)
        .padStart(8, '0')
        .replace(/(..)(?=.)/g, '$1:');
    numbers.set(card.toLowerCase(), known);
    return `02:00:${known}`;
  };
};

/** The renaming of texts that belong together; all that any of them has gets one new name in all of them. */
export const createRenaming = (texts: readonly string[], known: Known): Renaming => {
  const readsBits = texts.some((text) => BITS_READ.test(text) || hasStrangeMask(text));
  const rename = createAddressRenaming(known.key, readsBits ? everything : texts.flatMap(rangesIn));
  const renameNames = createNameRenaming(texts, known);
  const renameCard = createCardRenaming();
  const address = (text: string): string => {
    const parsed = parseAddress(text);
    return parsed === null ? text : writtenAs(text, rename(parsed));
  };
  /** A network keeps its zeros, or it would be none; an address with a length beside it keeps its own bits. */
  const network = (text: string, length: number): string => {
    const parsed = parseAddress(text);
    if (parsed === null || length > (typeof parsed === 'number' ? 32 : 128)) return address(text);
    const isNetwork = prefixRange(parsed, length).from === parsed;
    return isNetwork ? formatAddress(prefixRange(rename(parsed), length).from) : address(text);
  };
  const networks = (text: string): string => {
    const done: string[] = [];
    const put = (renamed: string): string => `\u0000${done.push(renamed) - 1}\u0000`;
    return text
      .replaceAll('\u0000', '')
      .replace(NETWORK, (all, one: string, mask: string) => {
        const ones = onesOf(mask);
        return ones === null ? put(all) : put(`${network(one, ones)}/${mask}`);
      })
      .replace(JSON_NETWORK, (_, before: string, one: string, between: string, length: string) =>
        put(`${before}${network(one, Number(length))}${between}${length}`),
      )
      .replace(MAC, (cards) => put(cards.replace(/[0-9a-f]{2}(?::[0-9a-f]{2}){5}/gi, renameCard)))
      .replace(ADDRESS, (one) => (parseAddress(one) === null ? one : put(address(one))))
      .split('\u0000')
      .map((part, place) => (place % 2 === 0 ? renameNames(part) : at(done, Number(part))))
      .join('');
  };
  return {
    text: networks,
    address,
    kept: readsBits
      ? 'Addresses are not renamed: a rule reads single bits of them, and would judge the renamed ones otherwise.'
      : null,
  };
};
