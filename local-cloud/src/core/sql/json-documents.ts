/**
 * JSON documents that stand behind each other in one record, as text. "An array of JSON documents is not a valid input"
 * (developer guide, "Convert input data format in Amazon Data Firehose").
 *
 * @throws SyntaxError when the bytes are anything else
 */
export function splitDocuments(text: string): string[] {
  const documents: string[] = [];
  let depth = 0;
  let start = 0;
  let inText = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index] as string;
    if (inText) {
      if (character === '\\') index++;
      else if (character === '"') inText = false;
      continue;
    }
    if (depth === 0 && !isSpace(character)) {
      if (character !== '{') throw new SyntaxError(`Unexpected '${character}' where a JSON object was expected`);
      start = index;
    }
    if (character === '"') inText = true;
    else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') {
      depth--;
      if (depth === 0) documents.push(text.slice(start, index + 1));
    }
  }
  if (depth !== 0) throw new SyntaxError('Unexpected end of a JSON object');
  if (documents.length === 0) throw new SyntaxError('The record holds no JSON object');
  return documents;
}

function isSpace(character: string): boolean {
  return character === ' ' || character === '\n' || character === '\r' || character === '\t';
}

/** Integers that a double cannot hold become text. @throws SyntaxError */
export function parseDocument(text: string): Record<string, unknown> {
  const exact = /[:,[\s]-?\d{16}/.test(text)
    ? text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
        /^-?\d{16,}$/.test(token) ? `"${token}"` : token,
      )
    : text;
  return JSON.parse(exact) as Record<string, unknown>;
}
