import { openDB, type IDBPDatabase } from 'idb';
import type { JournalRecord, JournalStore } from '../domain/autosave';

const STORE = 'records';
let database: Promise<IDBPDatabase> | null = null;

function open(): Promise<IDBPDatabase> {
  database ??= openDB('fiducial-journal', 1, { upgrade: (db) => void db.createObjectStore(STORE) });
  return database;
}

/** Unsent work of this browser, one record per document, in IndexedDB: it outlives the tab, the crash and the network. */
export function browserJournal<Change>(): JournalStore<Change> {
  return {
    get: async (key) => (await (await open()).get(STORE, key)) as JournalRecord<Change> | undefined,
    put: async (key, record) => void (await (await open()).put(STORE, record, key)),
    remove: async (key) => (await open()).delete(STORE, key),
  };
}
