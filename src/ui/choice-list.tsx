// The choices of a page, one line each; Enter takes the one marked.
import { Text } from 'ink';
import SelectInput from 'ink-select-input';
import type { Choice } from '../words/page.ts';

const Indicator = ({ isSelected = false }: { isSelected?: boolean }) => (
  <Text color="cyan">{isSelected ? '> ' : '  '}</Text>
);

const Item = ({ isSelected = false, label }: { isSelected?: boolean; label: string }) => (
  <Text wrap="truncate" {...(isSelected ? { color: 'cyan', bold: true } : {})}>
    {label}
  </Text>
);

/** What ChoiceList needs: `initial` is the index of the choice marked at first. */
export type ChoiceListProps<Event> = {
  choices: readonly Choice<Event>[];
  initial: number;
  onChoose: (event: Event) => void;
};

/** A list of choices, answered by arrows or j/k and Enter, or by number. */
export const ChoiceList = <Event,>({ choices, initial, onChoose }: ChoiceListProps<Event>) => (
  <SelectInput
    items={choices.map(({ label }, value) => ({ key: label, label: `${value + 1}. ${label}`, value }))}
    initialIndex={initial}
    indicatorComponent={Indicator}
    itemComponent={Item}
    onSelect={({ value }) => {
      const chosen = choices[value];
      if (chosen) onChoose(chosen.event);
    }}
  />
);
