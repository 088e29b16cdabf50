import { IntrinsicError, NO_VALUE, referencesOf, resolveIntrinsics, type Scope } from './intrinsics.ts';

// Expected values: CloudFormation template reference, the page of each intrinsic function.
const scope: Scope = {
  region: 'eu-central-1',
  ref: (name) =>
    ({ Bucket: 'bucket-1', 'AWS::Region': 'eu-central-1', 'AWS::NoValue': NO_VALUE, List: ['a', 'b'] })[name],
  attribute: (logicalId, name) => (logicalId === 'Bucket' && name === 'Arn' ? 'arn:aws:s3:::bucket-1' : undefined),
  mapping: (map, first, second) => (`${map}.${first}.${second}` === 'Map.a.b' ? 'mapped' : undefined),
  condition: (name) => name === 'Yes',
  exported: (name) => (name === 'shared' ? 'value' : undefined),
};
const resolve = (value: unknown) => resolveIntrinsics(value, scope, 'Properties');

test.each([
  [{ Ref: 'Bucket' }, 'bucket-1'],
  [{ 'Fn::GetAtt': ['Bucket', 'Arn'] }, 'arn:aws:s3:::bucket-1'],
  [{ 'Fn::Join': ['', ['arn:', { Ref: 'Bucket' }, '/*']] }, 'arn:bucket-1/*'],
  [{ 'Fn::Sub': '${Bucket}.${AWS::Region}.${Bucket.Arn}' }, 'bucket-1.eu-central-1.arn:aws:s3:::bucket-1'],
  [{ 'Fn::Sub': ['${Own}-${!Literal}', { Own: { Ref: 'Bucket' } }] }, 'bucket-1-${Literal}'],
  [{ 'Fn::Select': [1, { 'Fn::Split': ['|', 'a|b|c'] }] }, 'b'],
  [{ 'Fn::Select': ['0', { Ref: 'List' }] }, 'a'],
  [{ 'Fn::FindInMap': ['Map', 'a', 'b'] }, 'mapped'],
  [{ 'Fn::Base64': 'AWS CloudFormation' }, 'QVdTIENsb3VkRm9ybWF0aW9u'],
  [{ 'Fn::If': ['Yes', 'then', { Ref: 'Missing' }] }, 'then'],
  [{ 'Fn::If': ['No', 'then', 'else'] }, 'else'],
  [{ 'Fn::Equals': ['a', 'a'] }, true],
  [{ 'Fn::Not': [{ 'Fn::Equals': ['a', 'b'] }] }, true],
  [{ 'Fn::And': [{ Condition: 'Yes' }, { Condition: 'No' }] }, false],
  [{ 'Fn::Or': [{ Condition: 'Yes' }, { Condition: 'No' }] }, true],
  [{ 'Fn::ImportValue': 'shared' }, 'value'],
  [
    { kept: 1, gone: { Ref: 'AWS::NoValue' }, list: [{ Ref: 'AWS::NoValue' }, 'x'] },
    { kept: 1, list: ['x'] },
  ],
  [{ Condition: { StringEquals: { a: 'b' } } }, { Condition: { StringEquals: { a: 'b' } } }],
])('%j resolves to %j', (value, expected) => {
  expect(resolve(value)).toEqual(expected);
});

test.each([
  [{ a: [{ Ref: 'Missing' }] }, "Properties.a[0].Ref: unknown reference 'Missing'"],
  [{ 'Fn::GetAtt': ['Bucket', 'Nope'] }, "Properties.Fn::GetAtt: 'Bucket' has no attribute 'Nope'"],
  [{ 'Fn::Transform': {} }, 'Properties: the intrinsic function Fn::Transform is not supported'],
  [{ 'Fn::Select': [9, ['a']] }, 'Properties.Fn::Select: index 9 is out of range'],
  [{ 'Fn::Join': ['', 'text'] }, 'Properties.Fn::Join: expected a list, received "text"'],
  [{ s: '{{resolve:ssm:/a:1}}' }, 'Properties.s: dynamic references ({{resolve:ssm:…}}) are not supported'],
])('%j is refused with its place', (value, message) => {
  expect(() => resolve(value)).toThrow(new IntrinsicError('x', '').constructor as ErrorConstructor);
  expect(() => resolve(value)).toThrow(message);
});

test('references are found inside Ref, GetAtt and Sub, each with its place', () => {
  const found = referencesOf(
    { a: { Ref: 'One' }, b: [{ 'Fn::GetAtt': ['Two', 'Arn'] }], c: { 'Fn::Sub': ['${Three.Name}${own}', { own: 1 }] } },
    'P',
  );
  expect(found.map(({ name, place }) => `${name}@${place}`)).toEqual(['One@P.a', 'Two@P.b[0]', 'Three@P.c.Fn::Sub']);
});
