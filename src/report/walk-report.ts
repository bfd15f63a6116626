// A finished walk as a report for people: Markdown for the ticket, HTML to be looked at.

import type { Case, Outcome } from '../wizard/state.ts';
import { printable } from '../words/printable.ts';
import { blocksToHtml, escapeHtml } from './html.ts';
import { blocksToMarkdown, escapeMarkdown } from './markdown.ts';
import { ticketOf } from './ticket.ts';

/** The report of a walk in Markdown. */
export const walkReport = (walk: Case, outcome: Outcome, host: string): string => {
  const { title, origin, sections } = ticketOf(walk, outcome, host);
  const body = sections.map(([name, blocks]) => `## ${escapeMarkdown(name)}\n\n${blocksToMarkdown(blocks)}`);
  return `${[`# ${escapeMarkdown(title)}\n\n${escapeMarkdown(origin)}`, ...body].join('\n\n')}\n`;
};

/** Everything that the page is made of stands in it, and it is allowed to load and run nothing. */
const HEAD = `<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
pre { overflow-x: auto; padding: .7rem 1rem; border: 1px solid; border-radius: 4px; font-size: .85rem; line-height: 1.4 }
h2 { margin-top: 2rem; border-bottom: 1px solid }
dt { font-weight: 600 }
mark { background: none; color: inherit; font-weight: 700; text-decoration: underline }
.bad { color: light-dark(#b3261e, #ff8a80); font-weight: 600 }
.good { color: light-dark(#146c2e, #7ddc96); font-weight: 600 }
.warn { color: light-dark(#7a4a00, #ffca6a); font-weight: 600 }
.dim { opacity: .75 }
</style>`;

/** The report of a walk as one HTML file that needs no other. */
export const htmlReport = (walk: Case, outcome: Outcome, host: string): string => {
  const { title, origin, sections } = ticketOf(walk, outcome, host);
  const body = sections.map(([name, blocks]) => `<h2>${escapeHtml(name)}</h2>\n${blocksToHtml(blocks)}`);
  return `<!doctype html>
<html lang="en">
<head>
${HEAD}
<title>${escapeHtml(printable(title))}</title>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(origin)}</p>
${body.join('\n')}
</body>
</html>
`;
};
