import type { Evaluation } from '../evaluation.ts';
import type { MessageFields } from '../fields/message-fields.ts';
import type { Evaluate } from '../functions/sql-function.ts';
import { toJson } from '../values/json.ts';
import { jsonText } from '../values/json-text.ts';
import { isObject } from '../values/value.ts';
import type { SelectionPart } from './compile-selection.ts';
import { jsonOf } from './json-form.ts';

/**
 * JSON of a rule's output, without building the output. Undefined for a message that needs it built, such as a payload
 * that is no JSON.
 */
export type EvaluateText = (evaluation: Evaluation) => string | undefined;

/** `"key":` and the JSON of its value; Undefined leaves the key out. */
interface Member {
  readonly key: string;
  /** First in its object, and after another member. */
  readonly first: string;
  readonly next: string;
  readonly json: (evaluation: Evaluation) => string | undefined;
}

/**
 * Writes the JSON of `SELECT a, b.c AS d, …` and of `SELECT *, …` piece by piece. Undefined when the selection has
 * another form; then its output is built first.
 */
export function compileText(
  parts: readonly SelectionPart[],
  select: Evaluate,
  fields: MessageFields,
): EvaluateText | undefined {
  const [first, ...others] = parts;
  if (first === undefined) return undefined;
  const spread = first.path === undefined;
  const named = spread ? others : parts;
  if (named.some(({ path }) => path?.length !== 1)) return undefined;
  const members = named.map(({ path, value }) => toMember(path?.[0] as string, value));
  if (new Set(members.map(({ key }) => key)).size !== members.length) return undefined;
  if (!spread) return flatText(members);
  fields.wantWhole();
  return named.length === 0
    ? (evaluation) => fields.wholeText(evaluation)
    : spreadText(first.value, members, select, fields);
}

function toMember(key: string, value: Evaluate): Member {
  const json =
    jsonOf(value) ??
    ((evaluation: Evaluation) => {
      const result = value(evaluation);
      return result === undefined ? undefined : jsonText(result);
    });
  return { key, first: `{${JSON.stringify(key)}:`, next: `,${JSON.stringify(key)}:`, json };
}

function flatText(members: readonly Member[]): EvaluateText {
  const count = members.length;
  return (evaluation) => {
    let text = '';
    for (let index = 0; index < count; index++) {
      const member = members[index] as Member;
      const value = member.json(evaluation);
      if (value !== undefined) text += (text === '' ? member.first : member.next) + value;
    }
    return text === '' ? '{}' : `${text}}`;
  };
}

/** A key that is there already is replaced in its place; payloads that are no object are refused by the selection itself. */
function spreadText(star: Evaluate, members: readonly Member[], select: Evaluate, fields: MessageFields): EvaluateText {
  const slots = members.map(({ key }) => fields.slot([key]));
  const documentText = (evaluation: Evaluation): string | undefined => {
    const known = fields.wholeText(evaluation);
    if (known !== undefined) return slots.some((slot) => fields.has(evaluation, slot)) ? undefined : known;
    const document = star(evaluation);
    return !isObject(document) || members.some(({ key }) => Object.hasOwn(document, key))
      ? undefined
      : toJson(document);
  };
  return (evaluation) => {
    const whole = documentText(evaluation);
    if (whole === undefined) return toJson(select(evaluation));
    let text = whole === '{}' ? '' : whole.slice(0, -1);
    for (const { first, next, json } of members) {
      const value = json(evaluation);
      if (value !== undefined) text += (text === '' ? first : next) + value;
    }
    return text === '' ? '{}' : `${text}}`;
  };
}
