import type { GetRandomPasswordRequest } from '@aws-sdk/client-secrets-manager';
import { ConstraintViolations } from '../../core/constraint-violations.ts';
import { type Entropy, randomText } from '../../core/entropy.ts';
import { AwsError } from '../../core/errors.ts';
import { DEFAULT_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH } from './limits.ts';

const LOWERCASE = 'abcdefghijklmnopqrstuvwxyz';
const UPPERCASE = LOWERCASE.toUpperCase();
const NUMBERS = '0123456789';
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/**
 * A password as "GetRandomPassword" describes it: at least one character of every type that is not excluded,
 * unless RequireEachIncludedType is false.
 * @throws AwsError `InvalidParameterException`
 */
export function randomPassword(entropy: Entropy, options: GetRandomPasswordRequest): string {
  const length = options.PasswordLength ?? DEFAULT_PASSWORD_LENGTH;
  new ConstraintViolations().range('passwordLength', length, 1, MAX_PASSWORD_LENGTH).throwIfAny();
  const excluded = options.ExcludeCharacters ?? '';
  const types = [
    options.ExcludeLowercase === true ? '' : LOWERCASE,
    options.ExcludeUppercase === true ? '' : UPPERCASE,
    options.ExcludeNumbers === true ? '' : NUMBERS,
    options.ExcludePunctuation === true ? '' : PUNCTUATION,
    options.IncludeSpace === true ? ' ' : '',
  ]
    .map((type) => [...type].filter((character) => !excluded.includes(character)).join(''))
    .filter((type) => type !== '');
  const alphabet = types.join('');
  if (alphabet === '') throw new AwsError('InvalidParameterException', 'No characters left to build a password from.');
  if (options.RequireEachIncludedType === false) return randomText(entropy, length, alphabet);
  if (length < types.length) {
    throw new AwsError(
      'InvalidParameterException',
      'Password length is too short based on the required types of characters.',
    );
  }
  return shuffled(entropy, [
    ...types.map((type) => randomText(entropy, 1, type)),
    ...randomText(entropy, length - types.length, alphabet),
  ]);
}

function shuffled(entropy: Entropy, characters: string[]): string {
  for (let index = characters.length - 1; index > 0; index--) {
    const other = entropy.bytes(4).readUInt32BE() % (index + 1);
    [characters[index], characters[other]] = [characters[other] as string, characters[index] as string];
  }
  return characters.join('');
}
