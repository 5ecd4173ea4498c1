// IndexedDB with promises.

/** The answer of a request. While it is awaited within a transaction, that stays open. */
export function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("a request failed"));
  });
}

/** Fulfilled when all of the transaction is stored; rejected when none of it is. */
export function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("a transaction was aborted"));
  });
}

/** Opens a database, making its stores if it is new. Rejects where pages may not keep anything. */
export function openDatabase(name: string, storeNames: readonly string[]): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      for (const storeName of storeNames) request.result.createObjectStore(storeName);
    };
    request.onsuccess = () => {
      const database = request.result;
      // Somebody wants to delete it.
      database.onversionchange = () => database.close();
      resolve(database);
    };
    request.onerror = () => reject(request.error ?? new Error("a database does not open"));
    request.onblocked = () => reject(new Error("a database is held by another page"));
  });
}
