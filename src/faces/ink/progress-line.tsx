// The five steps of the walk with the current one marked, always the first line.
import { Text } from 'ink';
import { Toned } from './lines-view.tsx';

/** `names` in order; `current` is the index of the step the walk is in. Where the line would be too long, the other steps are numbers alone. */
export const ProgressLine = ({
  names,
  current,
  width,
}: {
  names: readonly string[];
  current: number;
  width: number;
}) => {
  const isShort = width < ['lo-doctor  []', ...names].join(' > 1 ').length;
  const label = (name: string, index: number) =>
    isShort && index !== current ? `${index + 1}` : `${index + 1} ${name}`;
  return (
    <Text wrap="truncate">
      <Toned tone="dim">lo-doctor </Toned>
      {names.map((name, index) => (
        <Text key={name}>
          <Toned tone="dim">{index === 0 ? ' ' : ' > '}</Toned>
          {index === current ? (
            <Toned tone="accent">{`[${label(name, index)}]`}</Toned>
          ) : (
            <Toned tone={index < current ? 'good' : 'dim'}>{label(name, index)}</Toned>
          )}
        </Text>
      ))}
    </Text>
  );
};
