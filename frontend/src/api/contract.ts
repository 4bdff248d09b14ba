/** The JSON shapes of API v1 as the pages use them. Times are ISO-8601 UTC, ids UUID strings. */

export type Role = 'owner' | 'admin' | 'member' | 'auditor';
export type ProjectRole = 'manager' | 'reader' | 'adjudicator' | 'reviewer' | 'customer' | 'auditor';
export type Room =
  | 'worklist'
  | 'projects'
  | 'studies'
  | 'review'
  | 'datasets'
  | 'releases'
  | 'jobs'
  | 'audit'
  | 'members';

export interface Page<Row> {
  results: Row[];
  next: string | null;
  previous: string | null;
  total: number | null;
}

export interface Person {
  id: string;
  name: string;
}

export interface User extends Person {
  email: string;
  totp_enabled: boolean;
}

export interface TenantRef extends Person {
  slug: string;
  role: Role;
  region: string;
}

export interface Session {
  signed_in: boolean;
  user: User | null;
  tenants: TenantRef[];
  socket_url: string;
  idle_timeout_s: number;
  version: string;
  csrf_token: string;
}

export interface Discovery {
  method: 'password' | 'oidc';
  tenant?: string;
  sign_in_url?: string;
}

export interface BrowserSession {
  id: string;
  created_at: string;
  last_seen_at: string;
  source: string;
  current: boolean;
}

export interface Tenant {
  id: string;
  slug: string;
  name: string;
  region: string;
  role: Role;
  rooms: Room[];
}

export interface Member {
  id: string;
  user: { id: string; email: string; name: string };
  role: Role;
  created_at: string;
}

export interface ApiToken {
  id: string;
  name: string;
  scopes: string[];
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  token?: string;
}

export interface Concept {
  value: string;
  scheme_designator: string;
  meaning: string;
}

export interface ProjectRef {
  slug: string;
  name: string;
  colour: string;
}

export interface Project extends ProjectRef {
  id: string;
  description: string;
  state: 'draft' | 'open' | 'closed';
  my_roles: ProjectRole[];
  deidentification_policy: string;
  counts?: { studies: number; cases: number; cases_settled: number };
  created_at: string;
}

export type CaseState = 'waiting' | 'reading' | 'discordant' | 'adjudicating' | 'settled' | 'flagged';

export interface Notice {
  code: string;
  count: number;
  text: string;
  link: string;
}

export interface ClassAgreement {
  class_number: number;
  name: string;
  n: number;
  mean: number | null;
  low: number | null;
  high: number | null;
  limit: number;
  metric: string;
}

export interface Overview {
  cases: { total: number; by_state: Partial<Record<CaseState, number>> };
  agreement: ClassAgreement[];
  stuck: Notice[];
  needs_me: Notice[];
  pace: { day: string; reads_signed: number }[];
  deliveries: { open: number; held: number; refused: number };
}

export interface LabelClass {
  number: number;
  name: string;
  colour: string;
  required: boolean;
  geometry_kinds: string[];
  category: Concept;
  type: Concept;
  anatomic_region: Concept | null;
  laterality: Concept | null;
}

export type AnswerValue = string | number | boolean | string[] | null;

export interface Question {
  key: string;
  text: string;
  kind: 'single_choice' | 'multiple_choice' | 'number' | 'text' | 'boolean';
  level: 'study' | 'series' | 'image' | 'finding';
  required: boolean;
  choices?: { key: string; text: string; concept?: Concept | null }[];
}

export interface LabelSchema {
  version: number;
  classes: LabelClass[];
  questions: Question[];
}

export interface CharterStage {
  key: string;
  kind: 'read' | 'adjudicate' | 'review';
  readers: number;
  blinded: boolean;
  lease_s: number;
}

export interface Charter {
  version: number;
  task_sentence: string;
  stages: CharterStage[];
  agreement: { metric: string; threshold: number };
  consensus: { algorithm: 'majority' | 'staple' };
  rationale_required: boolean;
  sample_review: number;
}

export interface RoleGrant {
  id: string;
  user: { id: string; email: string; name: string };
  role: ProjectRole;
}

export interface Job {
  id: string;
  name: string;
  title: string;
  state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  progress: { done: number; total: number | null; unit: string; message: string } | null;
  attempts: number;
  error: { code: string; detail: string; remedy: string } | null;
  subject: { kind: string; id: string; label: string } | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  can_cancel: boolean;
  can_retry: boolean;
}

export type FileState =
  | 'received'
  | 'read'
  | 'checked'
  | 'deidentified'
  | 'held'
  | 'admitted'
  | 'refused'
  | 'duplicate';

export interface Delivery {
  id: string;
  project: string | ProjectRef;
  name: string;
  source: string;
  state: 'receiving' | 'processing' | 'done' | 'cancelled';
  files_expected: number | null;
  files_received: number;
  bytes_received: number;
  by_state: Partial<Record<FileState, number>>;
  job: Job | null;
  created_at: string;
  created_by: Person | null;
}

export interface IncomingFile {
  id: string;
  name: string;
  size: number;
  sha256: string;
  state: FileState;
  reason: { code: string; title: string; remedy: string } | null;
  series_id: string | null;
  received_at: string;
}

export type Severity = 'ok' | 'info' | 'warning' | 'error' | 'critical';

export interface StudyRow {
  id: string;
  study_instance_uid: string;
  subject: { id: string; pseudonym: string };
  study_date: string | null;
  description: string;
  modalities: string[];
  series_count: number;
  instance_count: number;
  quality: { worst: Severity; count: number };
  created_at: string;
}

export interface QualityFinding {
  code: string;
  severity: Severity;
  title: string;
  consequence: string;
  remedy: string;
  affected_count: number;
}

export interface SeriesDetail {
  id: string;
  series_instance_uid: string;
  modality: string;
  number: number | null;
  description: string;
  instance_count: number;
  rows: number | null;
  columns: number | null;
  spacing_mm: number[] | null;
  quality: { worst: Severity; findings: QualityFinding[] };
  thumbnail_url: string | null;
}

export interface StudyDetail extends StudyRow {
  series: SeriesDetail[];
  project?: ProjectRef | string;
}

export interface TagChange {
  tag: string;
  keyword: string;
  vr: string;
  action: string;
  reason: string;
  instances: number;
}

export interface AuditEvent {
  id: string;
  recorded_at: string;
  actor: { id: string; name: string; kind: string } | null;
  action: string;
  object: { kind: string; id: string; label: string } | null;
  subject_pseudonym: string | null;
  outcome: 'allowed' | 'refused' | 'failed';
  source: string;
  request_id: string;
  sealed: boolean;
}

export interface Checkpoint {
  number: number;
  size: number;
  root: string;
  sealed_at: string;
  key_id: string;
}

export interface Verification {
  ok: boolean;
  events: number;
  checkpoints: number;
  problems: (string | { code: string; detail: string })[];
}

export interface WorklistRow {
  task_id: string;
  project: ProjectRef;
  case: { id: string; label: string };
  stage: { key: string; kind: 'read' | 'adjudicate' | 'review' };
  state: 'open' | 'claimed' | 'submitted';
  read_id: string | null;
  priority: number;
  due_at: string | null;
  modality: string;
  instance_count: number;
  lease_until: string | null;
}

export interface WorklistPage extends Page<WorklistRow> {
  counts: { open: number; claimed: number; submitted_today: number };
}

export interface ReadSeries {
  series_instance_uid: string;
  modality: string;
  description: string;
  number: number | null;
  instance_count: number;
  rows: number | null;
  columns: number | null;
  quality: { worst: Severity };
}

export interface ReadAgreement {
  class_number: number | null;
  name: string;
  metric: string;
  value: number | null;
  limit: number;
  concordant: boolean;
}

export interface Read {
  id: string;
  state: 'draft' | 'signed' | 'superseded' | 'released';
  stage: { key: string; kind: 'read' | 'adjudicate' | 'review' };
  task_sentence: string;
  project: ProjectRef;
  case: { id: string; label: string; number: number; total: number };
  label_schema: LabelSchema;
  charter: { version: number; rationale_required: boolean };
  dicomweb_root: string;
  study_instance_uid: string;
  series: ReadSeries[];
  segmentations: { series_instance_uid: string; head_revision: number; saved_at: string }[];
  answers: { revision: number; values: Record<string, AnswerValue>; nothing_found: boolean };
  active_reading_s: number;
  lease_until: string | null;
  adjudication: { shown: { label: 'A' | 'B' }[]; agreement: ReadAgreement[] } | null;
}

export interface CaseRow {
  id: string;
  label: string;
  subject: { pseudonym: string };
  state: CaseState;
  reads_signed: number;
  reads_wanted: number;
  agreement: { worst: number | null; limit: number | null } | null;
  reference_standard: { how: 'consensus' | 'adjudication' } | null;
  updated_at: string;
}

export interface CaseDetail extends CaseRow {
  study: { id: string; study_instance_uid: string; description: string } | null;
  project?: ProjectRef;
  reads: {
    id: string;
    kind?: string;
    reader: Person | null;
    state: string;
    signed_at: string | null;
    active_reading_s: number;
    label: string;
  }[];
  agreement_by_class: CaseAgreement[];
  flags?: CaseFlag[];
  consensus: { algorithm: string; version: string; parameters: Record<string, unknown> } | null;
  adjudication: { read_id: string; rationale: string; decided_at: string } | null;
  decisions: { id?: string; decision: string; comment: string; decided_at?: string; actor?: Person | null }[];
}

export interface CaseFlag {
  id: string;
  code: string;
  text: string;
  raised_at: string;
  resolved_at: string | null;
}

export interface CaseAgreement {
  class_number: number | null;
  name: string;
  metric: string;
  value: number | null;
  low: number | null;
  high: number | null;
  limit: number;
  concordant: boolean;
  definition_id: string;
}

export interface Dataset {
  id: string;
  slug: string;
  name: string;
  description: string;
  project?: ProjectRef | string;
  created_at?: string;
}

export interface DatasetVersion {
  digest: string;
  message: string;
  created_at: string;
  member_count: number;
  subject_count: number;
  parent: string | null;
  splits: { train: number; validation: number; test: number };
  releases: string[];
}

export interface Export {
  id: string;
  format: 'nifti' | 'dicom-seg';
  state: 'queued' | 'ready' | 'failed';
  options_digest: string;
  job_id?: string | null;
  artifact_count: number;
  bytes: number;
}

export interface Release {
  id: string;
  dataset: string;
  dataset_name?: string;
  name: string;
  state: 'draft' | 'published' | 'withdrawn';
  version_digest: string;
  terms: string;
  signature: string | null;
  published_at: string | null;
}

export interface ReleaseDetail extends Release {
  what: { cases: number; subjects: number; modalities: string[]; classes: { number: number; name: string }[] };
  how_read: { readers: number; blinded: boolean; by_consensus: number; by_adjudication: number };
  file_count: number;
  bytes: number;
  pull_command: string;
}

export interface Artifact {
  id: string;
  format?: string;
  path: string;
  sha256: string;
  size: number;
  url: string;
}

export interface Grant {
  id: string;
  user: { id: string; email: string; name: string };
  created_at: string;
}

export interface DatasetMember {
  case_id: string;
  case: string;
  split: string;
  leaf_hash: string;
  erased_at: string | null;
}
