import { Component, onMounted, onWillUnmount, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const ICONS = { done: "fa-check", now: "fa-play", next: "fa-circle-o" };
const STATES = { done: _t("done"), now: _t("now"), next: _t("ahead") };
const WAITS = {
    pods: _t("Waiting for pods"),
    time: _t("Waiting"),
    person: _t("Waiting for a person"),
    judgement: _t("Judging"),
    pause: _t("Paused"),
    room: _t("Waiting for room"),
    predecessor: _t("Waiting for the version before it to be gone"),
};
const VERDICTS = { pass: "text-bg-success", fail: "text-bg-danger", wait: "text-bg-warning" };
const SECOND = 1000;

/** Two numbers beside each other, each with a bar of its share of the larger. */
const row = (name, stable, canary, unit = "") => {
    const most = Math.max(stable || 0, canary || 0) || 1;
    const side = (value) => ({ text: value === null || value === undefined ? "–" : `${value}${unit}`, width: (100 * (value || 0)) / most });
    return { name, stable: side(stable), canary: side(canary) };
};
const errorRate = (share) => (share && share.requests ? Math.round((10000 * share.errors) / share.requests) / 100 : null);

/** A rollout under way: how much of the traffic, which step, what was judged, what comes next. */
export class RolloutField extends Component {
    static template = "creativeflow_mlops.RolloutField";
    static props = { ...standardFieldProps };

    setup() {
        this.clock = useState({ now: Date.now() });
        let timer;
        onMounted(() => {
            timer = setInterval(() => (this.clock.now = Date.now()), SECOND);
        });
        onWillUnmount(() => clearInterval(timer));
    }

    get value() {
        return this.props.record.data[this.props.name];
    }

    get steps() {
        return this.value.steps.map((step) => ({ ...step, icon: ICONS[step.state], word: STATES[step.state] }));
    }

    get waiting() {
        const { waitingFor, until, ended } = this.value;
        if (!waitingFor || ended) {
            return "";
        }
        const left = until ? Math.max(0, Math.round((new Date(until).getTime() - this.clock.now) / SECOND)) : null;
        return left === null ? WAITS[waitingFor] : `${WAITS[waitingFor]} · ${left < 120 ? `${left} s` : `${Math.round(left / 60)} min`}`;
    }

    get judgements() {
        return this.value.judgements.map((one, key) => {
            const { stable, canary, restarts, signal, agreement } = one.numbers || {};
            const rows = [
                row(_t("Requests"), stable?.requests, canary?.requests),
                row(_t("Errors"), errorRate(stable), errorRate(canary), " %"),
                row(_t("p95"), stable?.p95Ms, canary?.p95Ms, " ms"),
            ];
            if (signal) {
                rows.push(row(_t("Business signal"), signal.before, signal.during));
            }
            return { ...one, key, rows, restarts, agreement, badge: VERDICTS[one.verdict] || "text-bg-secondary" };
        });
    }
}

/** A promotion as a dry run: what would happen, step by step. */
export class PlanField extends Component {
    static template = "creativeflow_mlops.PlanField";
    static props = { ...standardFieldProps };

    get value() {
        return this.props.record.data[this.props.name];
    }
}

registry.category("fields").add("mlops_rollout", { component: RolloutField, supportedTypes: ["json"], displayName: _t("Rollout") });
registry.category("fields").add("mlops_plan", { component: PlanField, supportedTypes: ["json"], displayName: _t("Plan") });
