// Invoices of a shop: types, enums, a class with parameter properties, generics, and a report. About 100 lines, as people write them.
type Currency = "EUR" | "USD" | "GBP";

enum Status {
    Draft = "draft",
    Sent = "sent",
    Paid = "paid",
    Overdue = "overdue",
}

interface Line {
    readonly sku: string;
    quantity: number;
    unitPrice: number;
    discount?: number;
}

interface Invoice {
    id: number;
    customer: string;
    currency: Currency;
    status: Status;
    due: string;
    lines: Line[];
}

type Totals<K extends string = string> = Record<K, { net: number; tax: number; gross: number }>;

const RATES: Readonly<Record<Currency, number>> = { EUR: 1, USD: 0.92, GBP: 1.17 } as const;

class Money {
    constructor(
        private readonly cents: number,
        public readonly currency: Currency = "EUR",
    ) {}

    static of(amount: number, currency: Currency): Money {
        return new Money(Math.round(amount * 100), currency);
    }

    plus(other: Money): Money {
        if (other.currency !== this.currency) {
            throw new TypeError(`cannot add ${other.currency} to ${this.currency}`);
        }
        return new Money(this.cents + other.cents, this.currency);
    }

    times(factor: number): Money {
        return new Money(Math.round(this.cents * factor), this.currency);
    }

    inEuro(): Money {
        return new Money(Math.round(this.cents * RATES[this.currency]), "EUR");
    }

    get amount(): number {
        return this.cents / 100;
    }
}

function groupBy<T, K extends string>(items: readonly T[], key: (item: T) => K): Map<K, T[]> {
    const groups = new Map<K, T[]>();
    for (const item of items) {
        const name = key(item);
        const group = groups.get(name) ?? [];
        group.push(item);
        groups.set(name, group);
    }
    return groups;
}

function isOverdue(invoice: Invoice, today: Date): boolean {
    return invoice.status === Status.Sent && new Date(invoice.due) < today;
}

function net(invoice: Invoice): Money {
    return invoice.lines.reduce<Money>(
        (sum, { quantity, unitPrice, discount = 0 }: Line) =>
            sum.plus(Money.of(unitPrice, invoice.currency).times(quantity * (1 - discount))),
        new Money(0, invoice.currency),
    );
}

function totals(invoices: readonly Invoice[], tax: number): Totals {
    const result: Totals = {};
    for (const [customer, theirs] of groupBy(invoices, (invoice) => invoice.customer)) {
        const sum = theirs.map(net).map((money) => money.inEuro()).reduce((a, b) => a.plus(b));
        const taxes = sum.times(tax);
        result[customer] = { net: sum.amount, tax: taxes.amount, gross: sum.plus(taxes).amount };
    }
    return result satisfies Totals;
}

export function main({ invoices, today }: { invoices: Invoice[]; today: string }): unknown {
    const day = new Date(today);
    const marked = invoices.map((invoice): Invoice => (isOverdue(invoice, day) ? { ...invoice, status: Status.Overdue } : invoice));
    const byStatus = Object.fromEntries([...groupBy(marked, (invoice) => invoice.status)].map(([status, list]) => [status, list!.length]));
    return { totals: totals(marked, 0.19), byStatus };
}
