import { x509 } from '../../../core/x509.ts';

/** Values of `iot:Certificate.*`, keyed by what follows that prefix, in lower case: `subject.commonname.1`. */
export type CertificateVariables = ReadonlyMap<string, readonly string[]>;

/** Developer guide, `cert-policy-variables`, "Issuer attributes" and "Subject attributes", with their X.520 identifiers. */
const NAME_ATTRIBUTES: readonly (readonly [name: string, oid: string])[] = [
  ['DistinguishedNameQualifier', '2.5.4.46'],
  ['Country', '2.5.4.6'],
  ['Organization', '2.5.4.10'],
  ['OrganizationalUnit', '2.5.4.11'],
  ['State', '2.5.4.8'],
  ['CommonName', '2.5.4.3'],
  ['SerialNumber', '2.5.4.5'],
  ['Title', '2.5.4.12'],
  ['Surname', '2.5.4.4'],
  ['GivenName', '2.5.4.42'],
  ['Initials', '2.5.4.43'],
  ['Pseudonym', '2.5.4.65'],
  ['GenerationQualifier', '2.5.4.44'],
];

/** "Subject alternate name attributes". */
const ALTERNATIVE_NAMES: Readonly<Record<string, string>> = {
  email: 'RFC822Name',
  dns: 'DNSName',
  dn: 'DirectoryName',
  url: 'UniformResourceIdentifier',
  ip: 'IPAddress',
};

/** "X.509 Certificate policy variable limitations". */
const MAX_VALUES = 5;
const MAX_VALUE_LENGTH = 1024;
const WILDCARDS = /[*$+?#]/;
const SPECIAL = /[,"\\+=<>;]/g;

/**
 * A single-valued variable gives the first value, `.N` the value at index N ("`Country.1` is replaced by the second"),
 * `.List` all of them. A value with wildcard characters or of more than 1,024 characters replaces nothing.
 */
export function certificateVariables(pem: string): CertificateVariables {
  const certificate = new x509.X509Certificate(pem);
  const variables = new Map<string, readonly string[]>();
  const available: string[] = [];

  function add(name: string, values: readonly string[]): void {
    const usable = values.slice(0, MAX_VALUES).map(usableValue);
    const known = usable.filter((value) => value !== undefined);
    if (known.length === 0) return;
    const key = name.toLowerCase();
    available.push(`iot:Certificate.${name}`);
    if (usable[0] !== undefined) variables.set(key, [usable[0]]);
    for (const [index, value] of usable.entries()) {
      if (value !== undefined) variables.set(`${key}.${index}`, [value]);
    }
    variables.set(`${key}.list`, known);
  }

  const sides = [
    ['Issuer', certificate.issuerName, certificate.getExtension(x509.IssuerAlternativeNameExtension)],
    ['Subject', certificate.subjectName, certificate.getExtension(x509.SubjectAlternativeNameExtension)],
  ] as const;
  for (const [side, name, alternatives] of sides) {
    for (const [attribute, oid] of NAME_ATTRIBUTES) add(`${side}.${attribute}`, name.getField(oid));
    const items = alternatives?.names.items ?? [];
    for (const [type, attribute] of Object.entries(ALTERNATIVE_NAMES)) {
      const values = items.filter((item) => item.type === type).map((item) => item.value);
      add(`${side}.AlternativeName.${attribute}`, values);
    }
  }
  add('SerialNumber', [certificate.serialNumber]);
  variables.set('availablekeys', available);
  return variables;
}

function usableValue(value: string): string | undefined {
  if (value.length > MAX_VALUE_LENGTH || WILDCARDS.test(value)) return undefined;
  return value.replace(SPECIAL, (character) => `\\${character}`);
}
