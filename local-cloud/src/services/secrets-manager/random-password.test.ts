import { seededEntropy } from '../../core/entropy.ts';
import { randomPassword } from './random-password.ts';

/** Secrets Manager API reference, "GetRandomPassword". */
const entropy = seededEntropy('passwords');

test('has 32 characters with every type unless told otherwise', () => {
  for (let round = 0; round < 50; round++) {
    const password = randomPassword(entropy, {});
    expect(password).toHaveLength(32);
    for (const type of [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9 ]/]) expect(password).toMatch(type);
    expect(password).not.toContain(' ');
  }
});

test('leaves out what is excluded', () => {
  const password = randomPassword(entropy, {
    PasswordLength: 500,
    ExcludePunctuation: true,
    ExcludeNumbers: true,
    ExcludeCharacters: 'aA',
  });
  expect(password).toMatch(/^[b-zB-Z]{500}$/);
});

test('is too short when it cannot hold every required type', () => {
  expect(() => randomPassword(entropy, { PasswordLength: 3 })).toThrow(
    expect.objectContaining({ code: 'InvalidParameterException' }),
  );
  expect(randomPassword(entropy, { PasswordLength: 3, RequireEachIncludedType: false })).toHaveLength(3);
});
