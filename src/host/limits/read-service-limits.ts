// What systemd keeps its services from on the network: filters on control groups, a network of their own, families of addresses.
import type { ServiceLimits } from '../../diagnosis/witness.ts';
import type { Host } from '../host.ts';

/** Each setting, and the values that restrict nothing. */
const SETTINGS: Readonly<Record<string, RegExp>> = {
  IPAddressDeny: /^$/,
  IPAddressAllow: /^$/,
  IPIngressFilterPath: /^$/,
  IPEgressFilterPath: /^$/,
  BPFProgram: /^$/,
  SocketBindDeny: /^$/,
  RestrictNetworkInterfaces: /^~?$/,
  PrivateNetwork: /^(no)?$/,
  NetworkNamespacePath: /^$/,
  JoinsNamespaceOf: /^$/,
  RestrictAddressFamilies: /^~?$/,
};

/** What only loosens another setting is told with it, and restricts nothing by itself. */
const LOOSENS: readonly string[] = ['IPAddressAllow', 'JoinsNamespaceOf'];

/** The units in memory that have any, those of systemd itself left out, which come so; null where no systemd answers. */
export async function readServiceLimits(host: Host): Promise<ServiceLimits[] | null> {
  const properties = ['Id', 'ControlGroup', ...Object.keys(SETTINGS)].flatMap((name) => ['-p', name]);
  const { code, stdout } = await host.run([
    'systemctl',
    'show',
    ...properties,
    '*.service',
    '*.socket',
    '*.slice',
    '*.scope',
  ]);
  if (code !== 0 || stdout.trim() === '') return null;
  return stdout.split(/\n\n+/).flatMap(parseUnit);
}

/** `Id=pg.service` and one line for each setting that this systemd knows. */
function parseUnit(block: string): ServiceLimits[] {
  const values = new Map(
    block.split('\n').flatMap((line) => {
      const at = line.indexOf('=');
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1).trim()] as const];
    }),
  );
  const set = Object.entries(SETTINGS).filter(([name, idle]) => !idle.test(values.get(name) ?? ''));
  const unit = values.get('Id');
  if (unit === undefined || unit.startsWith('systemd-') || set.every(([name]) => LOOSENS.includes(name))) return [];
  return [
    {
      unit,
      settings: set.map(([name]) => `${name}=${values.get(name)}`),
      controlGroup: values.get('ControlGroup') || null,
    },
  ];
}
