import { Failure } from '../failure.ts';

/** JSON of an option. @throws Failure naming the option */
export function parseJson(option: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure(`${option} is not JSON: ${error instanceof Error ? error.message : error}`, 1, { cause: error });
  }
}
