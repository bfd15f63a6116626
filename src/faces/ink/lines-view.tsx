// Shows laid-out lines, each span in the look of its tone.
import { Box, Text, type TextProps } from 'ink';
import type { Line } from '../../words/lay-out.ts';
import type { Tone } from '../../words/page.ts';

const LOOKS: Record<Tone, Omit<TextProps, 'children'>> = {
  plain: {},
  dim: { dimColor: true },
  strong: { bold: true },
  good: { color: 'green' },
  bad: { color: 'red', bold: true },
  warn: { color: 'yellow' },
  accent: { color: 'cyan' },
  mark: { color: 'red', bold: true, underline: true },
};

/** Text in the look of a tone. */
export const Toned = ({ tone, children }: { tone: Tone; children: string }) => <Text {...LOOKS[tone]}>{children}</Text>;

const LineView = ({ line }: { line: Line }) => (
  <Text wrap="truncate">
    {line.length === 0
      ? ' '
      : line.map(({ tone, text }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: spans of a line have no identity but their place
          <Toned key={index} tone={tone}>
            {text}
          </Toned>
        ))}
  </Text>
);

/** One terminal line for each line given. */
export const LinesView = ({ lines }: { lines: readonly Line[] }) => (
  <Box flexDirection="column">
    {lines.map((line, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity but their place
      <LineView key={index} line={line} />
    ))}
  </Box>
);
