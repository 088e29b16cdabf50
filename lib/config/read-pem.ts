import { readFileSync } from 'node:fs';
import { ConfigError } from './load-platform-config.ts';

/**
 * Text of a PEM file that the configuration names, from the directory that the app runs in. A private key is refused: the
 * text goes into the template.
 * @throws ConfigError
 */
export function readPem(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([`${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}`]);
  }
  if (text.includes('PRIVATE KEY')) throw new ConfigError([`${file}: must not hold a private key`]);
  if (!text.includes('-----BEGIN ')) throw new ConfigError([`${file}: must be PEM`]);
  return text;
}
