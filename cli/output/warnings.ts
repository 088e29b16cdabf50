import type { CloudWarning } from '../../local-cloud/src/index.ts';

/** Kinds of warnings shown at most; the log file has all of them. */
const SHOWN = 20;

/** Prints each warning of the cloud once, however often it comes. */
export function warningPrinter(print: (text: string) => void): (warning: CloudWarning) => void {
  const seen = new Set<string>();
  return ({ level, message, fields }) => {
    const text = describe(message, fields);
    if (seen.has(text) || seen.size >= SHOWN) return;
    seen.add(text);
    print(`${level === 'error' ? 'ERROR' : 'warning'}: ${text}`);
  };
}

function describe(message: string, fields: Readonly<Record<string, unknown>>): string {
  const details = Object.entries(fields)
    .filter(([, value]) => typeof value === 'string' || typeof value === 'number')
    .map(([name, value]) => `${name}=${value}`);
  return [message, ...details].join(' ');
}
