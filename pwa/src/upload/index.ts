export const upload = { add: async (_files: unknown): Promise<void> => {} };
export const filesOf = async (_data: DataTransfer | null): Promise<unknown> => [];
