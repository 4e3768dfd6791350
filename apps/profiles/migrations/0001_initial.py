"""People: what is known of them, under which ids, what became one, and what they agreed to."""

import apps.core.ids
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('core', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ConsentType',
            fields=[
                ('id', models.CharField(help_text='As events name it, such as marketing-email. It cannot be changed later.', max_length=60, primary_key=True, serialize=False, validators=[django.core.validators.RegexValidator('^[a-z0-9][a-z0-9_-]*$', 'Lower-case letters, digits, - and _ only.')])),
                ('name', models.CharField(max_length=120, unique=True)),
                ('text', models.TextField(help_text='What people agree to. Each wording is kept, and each decision names its own.')),
                ('text_version', models.PositiveIntegerField(default=0, editable=False)),
                ('default', models.CharField(choices=[('deny', 'Not agreed'), ('grant', 'Agreed')], default='deny', help_text='What the form shows at first. A ticked box is no consent: only a decision counts.', max_length=10)),
                ('is_required', models.BooleanField(default=False, help_text='The form cannot be sent without it.')),
                ('is_revokable', models.BooleanField(default=True, help_text='People may withdraw it.')),
                ('valid_days', models.PositiveIntegerField(blank=True, help_text='Days after which it expires by itself. Empty: it does not.', null=True)),
                ('is_enabled', models.BooleanField(default=True, help_text='Offered to people. What was decided before stays, and still counts.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='Dirty',
            fields=[
                ('profile_id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('marked_at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'dirty',
            },
        ),
        migrations.CreateModel(
            name='MergeRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.CharField(help_text='A field (data.job.position), all below one (traits.*), or * for the rest.', max_length=200, unique=True)),
                ('strategy', models.CharField(max_length=20)),
                ('sources', models.JSONField(blank=True, default=list, help_text='Most trusted source: ids of sources, the most trusted one first.')),
                ('is_enabled', models.BooleanField(default=True, verbose_name='enabled')),
            ],
        ),
        migrations.CreateModel(
            name='ScoreScale',
            fields=[
                ('trait', models.CharField(max_length=60, primary_key=True, serialize=False)),
                ('limits', models.JSONField(default=dict)),
                ('n_profiles', models.PositiveBigIntegerField(default=0)),
                ('made_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='BlockedIdentifier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(blank=True, choices=[('user', 'customer number or user id'), ('anonymous', 'anonymous id'), ('email', 'e-mail address'), ('phone', 'phone number'), ('device', 'device'), ('external', 'id in another system')], default='', help_text='Empty: any kind.', max_length=20)),
                ('pattern', models.CharField(help_text='The value, or a pattern with * for any characters: *@agency.example. In any case.', max_length=200)),
                ('note', models.CharField(blank=True, default='', max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('kind', 'pattern'), name='blocked_once')],
            },
        ),
        migrations.CreateModel(
            name='IdentityConflict',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('refusal', models.CharField(choices=[('two_customers', 'Both have a customer number of their own'), ('too_many_ids', 'Together they would have too many identifiers'), ('shared', 'The identifier has caused too many merges'), ('separated', 'A person has separated them'), ('consents', 'Both have decided about a consent, and nothing but a claim says that they are one')], max_length=20)),
                ('profile_id', models.UUIDField()),
                ('other_id', models.UUIDField()),
                ('evidence', models.CharField(choices=[('user', 'A user id'), ('session', 'One session'), ('device', 'One device'), ('reference', 'The profile id that the client keeps'), ('proof', 'An identification point'), ('manual', 'A person'), ('again', 'Merged again, after an older merge was undone')], max_length=10)),
                ('identifier_id', models.UUIDField(null=True)),
                ('identifier_kind', models.CharField(blank=True, choices=[('user', 'customer number or user id'), ('anonymous', 'anonymous id'), ('email', 'e-mail address'), ('phone', 'phone number'), ('device', 'device'), ('external', 'id in another system')], default='', max_length=20)),
                ('event_id', models.UUIDField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['at', 'id'], name='conflict_by_time'), models.Index(fields=['identifier_id'], name='conflict_by_identifier')],
            },
        ),
        migrations.CreateModel(
            name='Merge',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('kept_id', models.UUIDField()),
                ('merged_id', models.UUIDField()),
                ('kept_via', models.UUIDField()),
                ('merged_via', models.UUIDField()),
                ('kept_before', models.JSONField()),
                ('merged_before', models.JSONField()),
                ('reason', models.CharField(choices=[('user', 'A user id'), ('session', 'One session'), ('device', 'One device'), ('reference', 'The profile id that the client keeps'), ('proof', 'An identification point'), ('manual', 'A person'), ('again', 'Merged again, after an older merge was undone')], max_length=10)),
                ('identifier_id', models.UUIDField(null=True)),
                ('identifier_kind', models.CharField(blank=True, choices=[('user', 'customer number or user id'), ('anonymous', 'anonymous id'), ('email', 'e-mail address'), ('phone', 'phone number'), ('device', 'device'), ('external', 'id in another system')], default='', max_length=20)),
                ('event_id', models.UUIDField(null=True)),
                ('standing', models.JSONField(default=dict)),
                ('actor', models.CharField(blank=True, default='', max_length=60)),
                ('undone_at', models.DateTimeField(null=True)),
                ('undone_by', models.CharField(blank=True, default='', max_length=60)),
                ('moved_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['kept_id'], name='merge_by_kept'), models.Index(fields=['merged_id'], name='merge_by_merged'), models.Index(condition=models.Q(('moved_at', None)), fields=['at'], name='merge_unmoved'), models.Index(condition=models.Q(('undone_by', ''), _negated=True), fields=['undone_at'], name='merge_separated')],
            },
        ),
        migrations.CreateModel(
            name='PrivacyRequest',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('export', 'Copy of all data'), ('erase', 'Erasure'), ('anonymise', 'Anonymisation')], max_length=10)),
                ('subject', models.UUIDField(db_index=True, verbose_name="hash of the profile's id")),
                ('reference', models.CharField(max_length=200)),
                ('requested_by', models.CharField(max_length=150)),
                ('requested_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('counts', models.JSONField(default=dict)),
                ('n_ids', models.PositiveIntegerField(default=0, verbose_name='ids that cannot come back')),
                ('person', models.JSONField(default=dict)),
                ('task', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to='core.task')),
            ],
        ),
        migrations.CreateModel(
            name='Profile',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('primary_id', models.TextField(blank=True, null=True)),
                ('email', models.TextField(blank=True, null=True)),
                ('name', models.TextField(blank=True, default='')),
                ('country', models.TextField(blank=True, default='')),
                ('is_anonymous', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('first_seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('visit_started_at', models.DateTimeField(null=True)),
                ('previous_visit_at', models.DateTimeField(null=True)),
                ('visit_count', models.PositiveIntegerField(default=0)),
                ('event_count', models.PositiveBigIntegerField(default=0)),
                ('identifier_count', models.PositiveIntegerField(default=0)),
                ('data', models.JSONField(default=dict)),
                ('traits', models.JSONField(default=dict)),
                ('interests', models.JSONField(default=dict)),
                ('consents', models.JSONField(default=dict)),
                ('stats', models.JSONField(default=dict)),
                ('aux', models.JSONField(default=dict)),
                ('provenance', models.JSONField(default=dict)),
                ('computed_states', models.JSONField(default=dict)),
                ('computed', models.JSONField(default=dict)),
                ('computed_version', models.PositiveBigIntegerField(default=9223372036854775807)),
                ('computed_until', models.DateField(null=True)),
            ],
            options={
                'permissions': [('merge_profile', 'Can merge profiles, and undo merges'), ('view_pii', 'Can see personal data'), ('export_profile', 'Can export all data of a person'), ('erase_profile', 'Can erase people, and make them anonymous')],
                'indexes': [django.contrib.postgres.indexes.HashIndex(fields=['primary_id'], name='profile_by_primary_id'), django.contrib.postgres.indexes.HashIndex(fields=['email'], name='profile_by_email'), models.Index(fields=['computed_version'], name='profile_by_computed_version'), models.Index(condition=models.Q(('computed_until__isnull', False)), fields=['computed_until'], name='profile_by_computed_until')],
            },
        ),
        migrations.CreateModel(
            name='Identifier',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('user', 'customer number or user id'), ('anonymous', 'anonymous id'), ('email', 'e-mail address'), ('phone', 'phone number'), ('device', 'device'), ('external', 'id in another system')], max_length=20)),
                ('session_id', models.UUIDField(null=True)),
                ('merge_count', models.PositiveIntegerField(default=0)),
                ('is_shared', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField()),
                ('profile', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='identifiers', to='profiles.profile')),
            ],
        ),
        migrations.CreateModel(
            name='Alias',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('origin_id', models.UUIDField(editable=False)),
                ('created_at', models.DateTimeField()),
                ('profile', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='profiles.profile')),
            ],
            options={
                'verbose_name_plural': 'aliases',
            },
        ),
        migrations.CreateModel(
            name='ProfileChange',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('profile_id', models.UUIDField()),
                ('at', models.DateTimeField()),
                ('actor', models.CharField(max_length=64)),
                ('actor_name', models.CharField(max_length=150)),
                ('path', models.TextField()),
                ('before', models.JSONField(null=True)),
                ('after', models.JSONField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['profile_id', 'id'], name='change_by_profile')],
            },
        ),
        migrations.CreateModel(
            name='ConsentText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('text', models.TextField()),
                ('published_at', models.DateTimeField(auto_now_add=True)),
                ('consent_type', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='texts', to='profiles.consenttype')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('consent_type', 'version'), name='consent_text_once')],
            },
        ),
        migrations.CreateModel(
            name='ConsentDecision',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('profile_id', models.UUIDField()),
                ('is_granted', models.BooleanField()),
                ('decided_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('valid_until', models.DateTimeField(null=True)),
                ('text_version', models.PositiveIntegerField()),
                ('source_id', models.UUIDField()),
                ('session_id', models.UUIDField(null=True)),
                ('device_key', models.UUIDField(null=True)),
                ('event_id', models.UUIDField()),
                ('ip', models.CharField(blank=True, default='', max_length=45)),
                ('user_agent', models.TextField(blank=True, default='')),
                ('actor', models.CharField(blank=True, default='', max_length=64)),
                ('actor_name', models.CharField(blank=True, default='', max_length=150, verbose_name='recorded by')),
                ('reference', models.CharField(blank=True, default='', max_length=200)),
                ('consent_type', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to='profiles.consenttype')),
            ],
            options={
                'indexes': [models.Index(fields=['profile_id', 'id'], name='decision_by_profile'), models.Index(fields=['event_id'], name='decision_by_event')],
            },
        ),
        migrations.CreateModel(
            name='ErasedId',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=20)),
                ('successor', models.UUIDField(null=True)),
                ('erased_at', models.DateTimeField()),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tombstones', to='profiles.privacyrequest')),
            ],
            options={
                'verbose_name': 'tombstone',
                'indexes': [models.Index(fields=['erased_at', 'id'], name='erased_by_time')],
            },
        ),
    ]
