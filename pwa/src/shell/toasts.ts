export interface Toast {
  id: number;
  kind: 'good' | 'bad' | 'busy';
  text: string;
  href?: string;
  action?: { label: string; run: () => void };
}

const SHOWN_MS = 7_000;
let next = 1;

/**
 * Short notices at the edge of the screen; read out politely. One with an action stays until it is
 * answered.
 */
class Toasts extends EventTarget {
  items: Toast[] = [];

  show(toast: Omit<Toast, 'id'>): void {
    const id = next++;
    this.items = [...this.items.filter((item) => item.text !== toast.text), { ...toast, id }].slice(
      -3,
    );
    this.dispatchEvent(new Event('change'));
    if (!toast.action) setTimeout(() => this.dismiss(id), SHOWN_MS);
  }

  dismiss(id: number): void {
    this.items = this.items.filter((item) => item.id !== id);
    this.dispatchEvent(new Event('change'));
  }
}

export const toasts = new Toasts();
