import { ConstraintViolations } from './constraint-violations.ts';

/** The wording of AWS's request validation, as the service references quote it. */
test('all breaches of a request stand in one error', () => {
  const violations = new ConstraintViolations()
    .required('name', undefined)
    .length('id', 'ab', 3, 10)
    .pattern('id', 'a b', '[a-z]+')
    .range('limit', 51, 1, 50)
    .oneOf('class', 'COLD', ['STANDARD', 'GLACIER'])
    .length('data', new Uint8Array(3), 0, 2);
  expect(() => violations.throwIfAny()).toThrow(
    expect.objectContaining({
      code: 'ValidationException',
      statusCode: 400,
      message:
        "6 validation errors detected: Value null at 'name' failed to satisfy constraint: Member must not be null; " +
        "Value 'ab' at 'id' failed to satisfy constraint: Member must have length greater than or equal to 3; " +
        "Value 'a b' at 'id' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+; " +
        "Value '51' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50; " +
        "Value 'COLD' at 'class' failed to satisfy constraint: Member must satisfy enum value set: [STANDARD, GLACIER]; " +
        "Value '3 bytes' at 'data' failed to satisfy constraint: Member must have length less than or equal to 2",
    }),
  );
});

test('what fits passes, and absent members are not measured', () => {
  new ConstraintViolations()
    .required('name', '')
    .length('name', undefined, 1, 2)
    .range('limit', undefined, 1, 2)
    .pattern('id', 'abc', '[a-z]+')
    .throwIfAny();
});
