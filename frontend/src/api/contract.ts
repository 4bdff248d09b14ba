/**
 * The names the pages use for the shapes in `schema.d.ts`, which is generated from the OpenAPI file.
 * A field is narrowed here only where the API gives free text or an open dictionary.
 */

import type { components } from './schema';

type Schemas = components['schemas'];
type Narrow<Shape, Fields> = Omit<Shape, keyof Fields> & Fields;

export type Role = 'owner' | 'admin' | 'member' | 'auditor';
export type ProjectRole = 'manager' | 'reader' | 'adjudicator' | 'reviewer' | 'customer' | 'auditor';
export type Room = 'worklist' | 'projects' | 'studies' | 'review' | 'datasets' | 'releases' | 'jobs' | 'audit' | 'members';
export type Severity = Schemas['StudyOut']['quality']['worst'];
export type FileState = Schemas['IncomingFileOut']['state'];
export type CaseState = Schemas['CaseOut']['state'];
export type AnswerValue = string | number | boolean | string[] | null;

export interface Page<Row> {
  results: Row[];
  next: string | null;
  previous: string | null;
  total: number | null;
}

export type User = Schemas['SignedInPersonOut'];
export type Session = Schemas['SessionOut'];
export type Discovery = Schemas['DiscoverOut'];
export type BrowserSession = Schemas['BrowserSessionOut'];
export type TotpEnrolment = Schemas['TotpEnrolOut'];
export type RecoveryCodes = Schemas['RecoveryCodesOut'];
export type Tenant = Narrow<Schemas['TenantOut'], { rooms: Room[]; role: Role }>;
export type Member = Narrow<Schemas['MemberOut'], { role: Role }>;
export type ApiToken = Schemas['TokenOut'] & { token?: string };

export type Concept = Schemas['ConceptField'];
export type ProjectRef = Schemas['ProjectRefOut'];
export type Project = Narrow<Schemas['ProjectOut'], { my_roles: ProjectRole[] }> & {
  counts?: { studies: number; cases: number; cases_settled: number };
};
export type Overview = Schemas['OverviewOut'];
export type Notice = Schemas['AttentionOut'];
export type ClassAgreement = Schemas['ClassAgreementOut'];
export type RoleGrant = Narrow<Schemas['RoleGrantOut'], { role: ProjectRole }>;

export type LabelClass = Schemas['LabelClassField'];
export type QuestionKind = 'single_choice' | 'multiple_choice' | 'number' | 'text' | 'boolean';
export type Question = Narrow<Schemas['QuestionField'], { kind: QuestionKind }>;
export type LabelSchema = Narrow<Schemas['LabelSchemaOut'], { questions: Question[] }>;
export type StageKind = 'read' | 'adjudicate' | 'review';
export type CharterStage = Narrow<Schemas['StageField'], { kind: StageKind }>;
export type Charter = Narrow<Schemas['CharterOut'], { stages: CharterStage[] }>;

export type Job = Schemas['JobOut'];
export type Delivery = Schemas['DeliveryOut'];
export type IncomingFile = Schemas['IncomingFileOut'];

export type StudyRow = Schemas['StudyOut'];
export type StudyDetail = Schemas['StudyDetailOut'];
export type SeriesDetail = Schemas['SeriesOut'];
export type QualityFinding = Schemas['SeriesFindingOut'];
export type Deidentification = Schemas['DeidentificationOut'];

export type AuditEvent = Schemas['AuditEventOut'];
export type Checkpoint = Schemas['CheckpointOut'];
export type Verification = Schemas['VerdictOut'];

export type WorklistRow = Schemas['WorklistRowOut'];
export type WorklistPage = Schemas['WorklistRowOutPage'] & { counts: Schemas['WorklistCountsOut'] };
export type ReadSeries = Schemas['ReadSeriesOut'];

export interface ReadAgreement {
  class_number: number | null;
  name: string;
  metric: string;
  value: number | null;
  limit: number;
  concordant: boolean;
}

/** The schema and the adjudication travel as they were frozen with the case: open dictionaries in the API. */
export type Read = Narrow<
  Schemas['ReadOut'],
  {
    label_schema: LabelSchema;
    answers: { revision: number; values: Record<string, AnswerValue>; nothing_found: boolean };
    adjudication: { shown: { label: 'A' | 'B' }[]; agreement: ReadAgreement[] } | null;
  }
>;

export type CaseRow = Schemas['CaseOut'];
export type CaseDetail = Schemas['CaseDetailOut'];
export type CaseAgreement = Schemas['CaseAgreementOut'];

export type Dataset = Schemas['DatasetOut'];
export type DatasetVersion = Schemas['VersionOut'];
export type DatasetMember = Schemas['DatasetMemberOut'];
export type Export = Schemas['ExportOut'];
export type Release = Schemas['ReleaseOut'];
export type Grant = Schemas['GrantOut'];
export type CustomerRelease = Schemas['CustomerReleaseOut'];
export type ReleaseDetail = Schemas['ReleasePageOut'];
export type Artifact = Schemas['ArtifactOut'];
