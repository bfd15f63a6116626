// The five steps of the walk with the current one marked, always the first line.
import { Box, Text } from 'ink';
import { Toned } from './lines-view.tsx';

/** `names` in order; `current` is the index of the step the walk is in. */
export const ProgressLine = ({ names, current }: { names: readonly string[]; current: number }) => (
  <Box>
    <Toned tone="dim">lo-doctor </Toned>
    {names.map((name, index) => (
      <Text key={name}>
        <Toned tone="dim">{index === 0 ? ' ' : ' > '}</Toned>
        {index === current ? (
          <Toned tone="accent">{`[${index + 1} ${name}]`}</Toned>
        ) : (
          <Toned tone={index < current ? 'good' : 'dim'}>{`${index + 1} ${name}`}</Toned>
        )}
      </Text>
    ))}
  </Box>
);
