import { expect, test } from 'vitest';
import { HostError } from '../../src/host/host.ts';
import { parseDumps } from '../../src/work/read-server.ts';

test('what a tool printed and nobody can read is told as such, with its line, and is no crash', () => {
  const cut = '{"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"family"';
  const read = () => parseDumps([{ layer: 'nftables', text: cut }]);
  expect(read).toThrow(HostError);
  expect(read).toThrow(/can't be read as they were printed.*nft -j list ruleset/);
});
