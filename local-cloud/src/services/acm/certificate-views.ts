import type { CertificateDetail, CertificateSummary } from '@aws-sdk/client-acm';
import { factsOf } from './certificate-reader.ts';
import type { CertificateRecord } from './certificates.ts';

/** ACM API reference, "CertificateDetail", of an imported certificate. */
export function certificateDetail(record: CertificateRecord, users: string[], now: number): CertificateDetail {
  const facts = factsOf(record.certificatePem);
  return {
    CertificateArn: record.arn,
    ...(facts.domainName === undefined ? {} : { DomainName: facts.domainName }),
    SubjectAlternativeNames: [...facts.alternativeNames],
    Serial: facts.serial,
    Subject: facts.subject,
    Issuer: facts.issuer,
    CreatedAt: new Date(record.createdAt),
    ImportedAt: new Date(record.importedAt),
    Status: facts.notAfter < now ? 'EXPIRED' : 'ISSUED',
    NotBefore: new Date(facts.notBefore),
    NotAfter: new Date(facts.notAfter),
    KeyAlgorithm: record.keyAlgorithm,
    SignatureAlgorithm: facts.signatureAlgorithm,
    InUseBy: users,
    Type: 'IMPORTED',
    KeyUsages: [...facts.keyUsages],
    ExtendedKeyUsages: [...facts.extendedKeyUsages],
    RenewalEligibility: 'INELIGIBLE',
    Options: { CertificateTransparencyLoggingPreference: 'DISABLED' },
  };
}

export function certificateSummary(record: CertificateRecord, users: string[], now: number): CertificateSummary {
  const detail = certificateDetail(record, users, now);
  return {
    CertificateArn: record.arn,
    DomainName: detail.DomainName,
    SubjectAlternativeNameSummaries: detail.SubjectAlternativeNames,
    HasAdditionalSubjectAlternativeNames: false,
    Status: detail.Status,
    Type: detail.Type,
    KeyAlgorithm: detail.KeyAlgorithm,
    KeyUsages: (detail.KeyUsages ?? []).flatMap(({ Name }) => Name ?? []),
    ExtendedKeyUsages: (detail.ExtendedKeyUsages ?? []).flatMap(({ Name }) => Name ?? []),
    InUse: users.length > 0,
    RenewalEligibility: detail.RenewalEligibility,
    NotBefore: detail.NotBefore,
    NotAfter: detail.NotAfter,
    CreatedAt: detail.CreatedAt,
    ImportedAt: detail.ImportedAt,
  };
}
