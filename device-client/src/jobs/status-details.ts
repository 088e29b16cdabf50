import type { JobDetails } from './job-handler.ts';

/** API reference, UpdateJobExecution: pattern and length of a name, length of a value. */
const NAME = /[^a-zA-Z0-9:_-]/g;
const MAX_NAME = 128;
const MAX_VALUE = 1_024;
/** CancelJobExecution: "You can specify at most 10 name/value pairs". What is first counts. */
const MAX_PAIRS = 10;

/**
 * Details as AWS IoT Jobs takes them: values are not empty and hold no control characters (`[^\p{C}]+`). Line ends become
 * ` | `; a value that is too long loses its middle, since both what went wrong and where stand at the ends.
 */
export function statusDetails(details: JobDetails): Record<string, string> {
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries(details)) {
    if (value === undefined || pairs.length === MAX_PAIRS) continue;
    const plain = value
      .trim()
      .replace(/[\r\n]+/g, ' | ')
      .replace(/\p{C}+/gu, ' ')
      .trim();
    const clean = fitted(plain);
    if (clean !== '') pairs.push([name.replace(NAME, '_').slice(0, MAX_NAME), clean]);
  }
  return Object.fromEntries(pairs);
}

function fitted(text: string): string {
  if (text.length <= MAX_VALUE) return text;
  const half = Math.floor(MAX_VALUE / 2) - 2;
  // A cut through a surrogate pair leaves half a character, which is of category C too.
  return `${text.slice(0, half)} … ${text.slice(-half)}`.replace(/\p{Cs}/gu, '');
}
