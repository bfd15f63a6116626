// Answers the plain wizard's prompts as a user does who wants one thing.
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabProcess } from './lab-process.ts';
import type { Said } from './situation.ts';

/** A page that asks: its title (`3 Read the log: …`), its numbered choices, and the question at its end. */
type Asking = { readonly title: string; readonly choices: readonly string[]; readonly question: string };

/**
 * How pages are answered. `command` is what fails; it is repeated once. `logging`: whether logging is turned on where that is offered (yes).
 * `fix`: whether all of loopback is permitted and the fix kept (no: the walk is left when the log has been read). `choose` comes first:
 * it says which choice is taken, by its words; null leaves the page to the others.
 */
export type Answers = {
  readonly command: string;
  readonly logging?: boolean;
  readonly fix?: boolean;
  readonly choose?: (page: Asking) => RegExp | null;
};

/** However busy the machine is, a walk is over by then. */
const PATIENCE = 90_000;
const QUESTION = /(?:^|\n)(Your choice|Command): $/;

/** Answers until the wizard ends; resolves to all that it printed, answers included in angle brackets. */
export async function answerPages(wizard: LabProcess, answers: Answers): Promise<Said> {
  let transcript = '';
  let read = 0;
  const end = Date.now() + PATIENCE;
  let ended = false;
  const whole = wizard.ended.finally(() => {
    ended = true;
  });
  while (!ended) {
    if (Date.now() > end) {
      wizard.kill('SIGKILL');
      throw new Error(`the walk did not end\n${transcript}${wizard.stdout().slice(read)}`);
    }
    const news = wizard.stdout().slice(read);
    const question = QUESTION.exec(news)?.[1];
    if (question === undefined) {
      await sleep(20);
      continue;
    }
    read += news.length;
    const line = answerTo(toAsking(news, question), answers);
    transcript += `${news}<${line}>\n`;
    wizard.stdin.write(`${line}\n`);
  }
  const { code, stdout, stderr } = await whole;
  return { code, stdout: `${transcript}${stdout.slice(read)}`, stderr };
}

const toAsking = (text: string, question: string): Asking => ({
  title: [...text.matchAll(/^== (.*)$/gm)].at(-1)?.[1] ?? '',
  choices: [...text.matchAll(/^ {2}\d+\. (.*)$/gm)].map(([, label = '']) => label),
  question,
});

const REPEAT = [/^A command of mine/, /^Repeat/];

/** What is chosen where nothing else is said, by the step that asks; the first that is there. */
const wantedOf = ({ title }: Asking, { logging = true, fix = false }: Answers): readonly RegExp[] => {
  switch (title[0]) {
    case '1':
      return [...(logging ? [/^(Prove it: t|T)urn logging on/] : []), /^(Prove it: r|R)epeat what fails/, /^Leave/];
    case '3':
      return [...(fix ? [/how to fix/i] : []), /^Leave/, /^Finish/];
    case '4':
      return [...(fix ? [/^Apply/, /^Permit all/] : []), /^Leave/];
    case '5':
      return [/^Keep/, /^Leave/];
    default:
      return REPEAT;
  }
};

function answerTo(page: Asking, answers: Answers): string {
  if (page.question === 'Command') return answers.command;
  const chosen = answers.choose?.(page);
  const wanted = chosen ? [chosen] : wantedOf(page, answers);
  const found = wanted.map((one) => page.choices.findIndex((label) => one.test(label))).find((place) => place >= 0);
  return found === undefined ? '' : `${found + 1}`;
}
