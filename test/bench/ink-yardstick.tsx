// What Ink does by itself: `hello` is one line, `list` the same live list as the wizard's, an entry at a time, with Ink's defaults.
import { Box, render, Text } from 'ink';
import { useEffect, useState } from 'react';

const Hello = () => <Text>hello</Text>;

const List = () => {
  const [entries, setEntries] = useState<string[]>([]);
  useEffect(() => {
    let number = 0;
    const timer = setInterval(() => {
      number += 1;
      const clock = new Date().toTimeString().slice(0, 8);
      setEntries((before) =>
        [...before, `${clock}  OUT=lo  127.0.0.1 -> 127.0.0.1  UDP DPT=${40_000 + (number % 4)}`].slice(-15),
      );
    }, 1000 / 12);
    return () => clearInterval(timer);
  }, []);
  return (
    <Box flexDirection="column">
      <Text>New firewall entries:</Text>
      {entries.map((entry, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity but their place
        <Text key={place}>{entry}</Text>
      ))}
    </Box>
  );
};

render(process.argv[2] === 'list' ? <List /> : <Hello />);
