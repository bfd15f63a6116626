import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  insertAtEnd,
  insertBeforeRule,
  removeFromScript,
} from '../../../../src/firewall/nftables/read/insert-into-script.ts';
import { type ScriptItem, scanScript } from '../../../../src/firewall/nftables/read/scan-script.ts';

const permit = 'oifname "lo" accept comment "lo-doctor a: permit loopback"';

/** What a script has, with the first words of each rule. */
const outline = (text: string): string[] => scanScript(text).map((item) => describeItem(text, item));

function describeItem(text: string, item: ScriptItem): string {
  switch (item.kind) {
    case 'block':
      return `${item.table} ${item.chain} {`;
    case 'rule':
      return `${item.command ?? ''}${item.table} ${item.chain}: ${text.slice(item.start, item.start + 7)}`;
    case 'include':
      return `include ${item.path} in ${item.context.level}`;
    case 'reset':
      return 'reset';
  }
}

/** The text with the permit before the rule of that number. */
function withPermit(text: string, number: number): string {
  const rule = scanScript(text).filter((item) => item.kind === 'rule')[number - 1];
  if (rule === undefined) throw new Error('no such rule');
  return insertBeforeRule(text, rule, permit).text;
}

/** The text with the permit at the end of its first chain. */
function atEnd(text: string): string {
  const block = scanScript(text).find((item) => item.kind === 'block');
  if (block === undefined) throw new Error('no chain');
  return insertAtEnd(text, block, permit).text;
}

describe('scanScript', () => {
  it('finds chains and rules between all else', () => {
    const text = `#!/usr/sbin/nft -f
flush ruleset # { not a block
define ports = { 22, 80 }
include "/etc/nftables.d/*.conf"
table ip6 t {
  comment "a { in quotes"
  set s { type ipv6_addr; elements = { ::1 }; }
  ct helper ftp { type "ftp" protocol tcp; }
  include "inner.nft"
  chain c {
    type filter hook output priority 0; policy drop;
    define x = 5
    tcp dport { 22,
      80 } accept; udp dport 53 \\
      accept
    ip6 daddr vmap { ::1 : accept, ::2 : jump { counter; drop; } } # }
    include "rest.nft"
  }
}
table plain { chain a { } ; chain b { drop }; }
add rule inet f out drop; insert rule out2 x drop
`;
    expect(outline(text)).toEqual([
      'reset',
      'include /etc/nftables.d/*.conf in file',
      'include inner.nft in table',
      'ip6 t c {',
      'ip6 t c: tcp dpo',
      'ip6 t c: udp dpo',
      'ip6 t c: ip6 dad',
      'include rest.nft in chain',
      'ip plain a {',
      'ip plain b {',
      'ip plain b: drop };',
      'addinet f out: add rul',
      'insertip out2 x: insert ',
    ]);
  });

  it('comes to an end with any text', () => {
    const piece = fc.constantFrom(
      'table ip t',
      'chain c',
      '{',
      '}',
      '"',
      '#',
      ';',
      '\n',
      '\\',
      ' ',
      'add rule a b drop',
      'include "x"',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        scanScript(pieces.join(''));
      }),
    );
  });
});

describe('a rule put into a script', () => {
  it('stands above the comments of the rule it comes before, indented alike', () => {
    const text = 'table ip t {\n\tchain c {\n\t\ttcp dport 1 accept\n\n\t\t# the rest\n\t\tdrop\n\t}\n}\n';
    expect(withPermit(text, 2)).toBe(text.replace('\t\t# the', `\t\t${permit}\n\t\t# the`));
  });

  it('keeps to the line where rules share one, and to the line ends of the file', () => {
    const shared = 'table ip t { chain c { accept; drop; } }';
    expect(withPermit(shared, 2)).toBe(shared.replace('drop', `${permit}; drop`));
    const other = 'table ip t {\r\n chain c {\r\n  drop\r\n }\r\n}\r\n';
    expect(withPermit(other, 1)).toBe(other.replace('  drop', `  ${permit}\r\n  drop`));
  });

  it('stands at the end of a chain that has rules, none, or one line only', () => {
    const lines = 'table ip t {\n    chain c {\n        accept\n    }\n}\n';
    expect(atEnd(lines)).toBe(lines.replace('accept\n', `accept\n        ${permit}\n`));
    expect(atEnd('table ip t { chain c { } }')).toBe(`table ip t { chain c { ${permit}; } }`);
    expect(atEnd('table ip t { chain c { accept } }')).toBe(`table ip t { chain c { accept; ${permit}; } }`);
  });

  it('is taken out again without a trace, and also after somebody has moved it', () => {
    const text = 'table ip t {\n\tchain c {\n\t\taccept\n\t\tdrop\n\t}\n}\n';
    for (const rule of scanScript(text).filter((item) => item.kind === 'rule')) {
      const { text: changed, inserted } = insertBeforeRule(text, rule, permit);
      expect(removeFromScript(changed, inserted, permit)).toBe(text);
    }
    const moved = text.replace('\t\taccept', `  ${permit} ;\n\t\taccept`).replace(' ;', ';');
    expect(removeFromScript(moved, `\t\t${permit}\n`, permit)).toBe(text);
  });
});
