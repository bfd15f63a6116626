// Says what is waited for: a tool that hangs, or is slow, is named after a moment.
import type { Command, Host } from './host.ts';

const AFTER = 2000;

/** Tools that read or change rules, or tell of the server. Attempts to connect take their time by themselves. */
const TOOLS = /^(?:ip6?tables[a-z-]*|nft|ufw|firewall-cmd|ipset|systemctl|journalctl|ss|ip|fail2ban-client)$/;

/** The host; `tell` is called with a line, once, for each tool that has not ended after so many milliseconds. */
export function tellWaiting(host: Host, tell: (line: string) => void, after = AFTER): Host {
  const told = new Set<string>();
  const tellOnce = (line: string) => {
    if (!told.has(line)) tell(line);
    told.add(line);
  };
  return {
    ...host,
    run: async (command, options) => {
      if (!TOOLS.test(command[0])) return host.run(command, options);
      const timer = setTimeout(() => tellOnce(`waiting for ${nameOf(command)} …`), after);
      try {
        return await host.run(command, options);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** Without the words of a rule, which are long. */
function nameOf(command: Command): string {
  return command.slice(0, 4).join(' ');
}
