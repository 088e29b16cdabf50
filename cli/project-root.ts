import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the checkout. */
export const PROJECT_ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Git-ignored directory, in the working directory, where a local cloud keeps its state. */
export const DEFAULT_DATA_DIRECTORY = '.fleetwright';
