// The way in for every Node, however old: all that is written in newer words than a Node of 2016 knows lies behind it.
import { EXIT } from './options/exit-codes.ts';

/** The oldest Node that will do, as `22.12`: package.json's. */
declare const LO_DOCTOR_NODE: string;

const parts = (version: string): readonly number[] => version.split('.').map(Number);

const isOlder = (version: string, needed: string): boolean => {
  const [major = 0, minor = 0] = parts(version);
  const [neededMajor = 0, neededMinor = 0] = parts(needed);
  return major < neededMajor || (major === neededMajor && minor < neededMinor);
};

if (isOlder(process.versions.node, LO_DOCTOR_NODE)) {
  process.stderr.write(
    `lo-doctor: this is Node.js ${process.versions.node}, and ${LO_DOCTOR_NODE} or later is needed. Unpack a newer one from https://nodejs.org/en/download anywhere (nothing has to be installed) and run: PATH/bin/node lo-doctor.js\n`,
  );
  process.exitCode = EXIT.couldNot;
} else {
  void import('./main.ts');
}
