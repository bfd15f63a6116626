// nft 1.0.6 prints the devices of a chain in its text alone.
import { expect, test } from 'vitest';
import { addDevices, lacksDevices } from '../../../../src/firewall/nftables/lower/add-devices.ts';

const JSON_TEXT =
  '{"nftables": [{"table": {"family": "netdev", "name": "t"}}, {"chain": {"family": "netdev", "table": "t", "name": "c", "hook": "ingress", "prio": 0}}, {"chain": {"family": "inet", "table": "t", "name": "d", "hook": "ingress", "prio": 0}}, {"chain": {"family": "netdev", "table": "t", "name": "e"}}]}';
const LISTING = `table netdev t {
	chain c {
		type filter hook ingress device "lo" priority filter; policy accept;
	}
	chain e {
	}
}
table inet t {
	chain d {
		type filter hook ingress devices = { "eth0", lo } priority filter; policy drop;
	}
}
`;

test('each chain gets the devices of its own', () => {
  const { nftables } = JSON.parse(addDevices(JSON_TEXT, LISTING));
  const devices = nftables.map(({ chain }: { chain?: { dev?: string[] } }) => chain?.dev);
  expect(devices).toEqual([undefined, ['lo'], ['eth0', 'lo'], undefined]);
});

test('is needed only where such a chain has none', () => {
  expect(lacksDevices(JSON_TEXT)).toBe(true);
  expect(lacksDevices(addDevices(JSON_TEXT, LISTING))).toBe(false);
  expect(lacksDevices('{"nftables": [{"chain": {"hook": "output"}}]}')).toBe(false);
});
