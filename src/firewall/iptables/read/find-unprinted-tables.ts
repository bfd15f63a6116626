// Tables that iptables-save names without printing all of them: they hold what only nft can say.
import { DumpText } from './dump-text.ts';

/** A table that iptables-nft-save could not print, with the line that says so, from 1. */
export type UnprintedTable = { readonly name: string; readonly line: number; readonly text: string };

/**
 * The tables that were left out, wholly or in part (xtables-save.c).
 * Sample: # Table `filter' is incompatible, use 'nft' tool.
 */
export function findUnprintedTables(text: string): UnprintedTable[] {
  const dump = new DumpText(text);
  return [...dump.text.matchAll(UNPRINTED)].map(({ 0: line, 1: name = '', index }) => {
    return { name, line: dump.lineAt(index), text: line };
  });
}

const UNPRINTED = /^# Table `(.+)' (?:is incompatible|contains incompatible base-chains), use 'nft' tool.*$/gm;
