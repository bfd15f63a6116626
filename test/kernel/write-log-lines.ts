// Writes the project's own log lines anew: `node test/kernel/write-log-lines.ts` as root.
import { writeFileSync } from 'node:fs';
import { daemonLinesFile, messagesFile } from '../log/own-lines.ts';
import { writeDaemonLines } from './daemon-lines.ts';
import { printMessages } from './log-messages.ts';

if (!process.argv.includes('daemons'))
  writeFileSync(messagesFile, `${JSON.stringify(await printMessages(), null, 2)}\n`);
writeFileSync(daemonLinesFile, `${JSON.stringify(await writeDaemonLines(), null, 2)}\n`);
