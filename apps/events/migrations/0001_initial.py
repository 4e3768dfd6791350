"""Where events come from, what they mean, and what could not be taken; the events follow in 0002."""

import apps.core.ids
import apps.events.models.compliance
import apps.events.models.source
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='ComplianceRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, unique=True)),
                ('event_type', models.CharField(blank=True, default='', help_text='The events that it is about. Empty: events of all types.', max_length=128)),
                ('field', models.CharField(help_text='Where the field is: event@properties.email or event@context.page.url', max_length=255, validators=[apps.events.models.compliance.validate_field])),
                ('consents', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), help_text='The field is kept if all of them hold.', size=None)),
                ('action', models.CharField(choices=[('drop', 'Remove the field'), ('hash', 'Replace it by a keyed hash')], default='drop', max_length=10)),
                ('is_enabled', models.BooleanField(default=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name='ComputedTrait',
            fields=[
                ('key', models.CharField(max_length=60, primary_key=True, serialize=False, validators=[django.core.validators.RegexValidator('^[a-z][a-z0-9_]*\\Z', 'Use small letters, digits and underscores, and begin with a letter.')])),
                ('name', models.CharField(max_length=120, unique=True)),
                ('description', models.TextField(blank=True, default='')),
                ('function', models.CharField(choices=[('count', 'Number of events'), ('sum', 'Sum'), ('average', 'Average'), ('min', 'Smallest number'), ('max', 'Largest number'), ('first', 'First value'), ('last', 'Last value'), ('most_frequent', 'Most frequent value'), ('distinct', 'Different values'), ('distinct_count', 'Number of different values'), ('first_time', 'Time of the first'), ('last_time', 'Time of the last'), ('rfm', 'RFM: recency, frequency, monetary')], default='count', max_length=20)),
                ('event_types', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=128), blank=True, default=list, size=None)),
                ('condition', models.TextField(blank=True, default='')),
                ('path', models.CharField(blank=True, default='', max_length=200)),
                ('days', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3650)])),
                ('is_enabled', models.BooleanField(default=True)),
                ('version', models.PositiveBigIntegerField(default=0, editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name='EventType',
            fields=[
                ('type', models.CharField(max_length=128, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120)),
                ('group', models.CharField(blank=True, default='', max_length=40)),
                ('definition', models.JSONField(default=dict, help_text='Journey, tags, traits, profile mapping, constants, computations.')),
                ('overrides', models.JSONField(blank=True, default=dict)),
                ('schema', models.JSONField(blank=True, null=True)),
                ('condition', models.TextField(blank=True, default='')),
                ('policy', models.CharField(choices=[('flag', 'Accept and flag: it is stored, and changes no profile'), ('quarantine', 'Quarantine: it waits until somebody fixes it'), ('drop', 'Drop: it is refused, and the sender is told why')], default='flag', max_length=10)),
                ('reshape', models.JSONField(blank=True, default=dict)),
                ('is_builtin', models.BooleanField(default=False, verbose_name='built in')),
                ('is_enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name='EventTypeAlias',
            fields=[
                ('type', models.CharField(help_text='As events come with it.', max_length=128, primary_key=True, serialize=False, verbose_name='name')),
                ('becomes', models.CharField(blank=True, default='', help_text='The type that they become. Empty: they are refused, and the sender is told.', max_length=128)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'verbose_name': 'event type alias',
                'verbose_name_plural': 'event type aliases',
            },
        ),
        migrations.CreateModel(
            name='Source',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120, unique=True)),
                ('description', models.TextField(blank=True, default='')),
                ('kind', models.CharField(choices=[('api', 'API and SDKs'), ('webhook', 'Webhook'), ('redirect', 'Tracked links'), ('internal', 'The platform itself')], default='api', max_length=20)),
                ('write_key', models.CharField(default=apps.events.models.source.new_write_key, max_length=64, unique=True)),
                ('channel', models.CharField(blank=True, default='', max_length=60)),
                ('allowed_origins', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), blank=True, default=list, help_text='Pages that may send, separated by commas: https://shop.example, *.shop.example. Empty: any page.', size=None)),
                ('is_enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('trusts_ids', models.BooleanField(default=False, help_text='For your own servers alone: profile ids of the sender are adopted, and what it says of who somebody is, and of what they decided, is believed.')),
                ('bots', models.CharField(choices=[('refuse', 'Refuse their events'), ('flag', 'Accept, and mark their sessions')], default='refuse', max_length=10)),
                ('required_consents', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, help_text='Events are kept only of people who have given all of these. None: events are kept of everybody.', size=None)),
                ('is_ephemeral', models.BooleanField(default=False, help_text='Events are processed and then forgotten; sessions and events are not stored.', verbose_name='ephemeral')),
                ('is_asynchronous', models.BooleanField(default=False, help_text='Requests are answered once they are safe, and processed a moment later.', verbose_name='asynchronous')),
                ('creates_profiles', models.BooleanField(default=False, help_text='Webhooks only: each call belongs to a profile. Otherwise its events have none.')),
                ('profile_id_path', models.CharField(blank=True, default='', help_text='Dotted path in the properties.', max_length=200)),
                ('session_id_path', models.CharField(blank=True, default='', help_text='Dotted path in the properties.', max_length=200)),
                ('message_id_path', models.CharField(blank=True, default='', help_text='Dotted path in the properties: a message that comes again counts once. Empty: the usual headers, such as Webhook-Id and Idempotency-Key.', max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='ComputedVersion',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('number', models.PositiveBigIntegerField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='computed_version_is_one_row')],
            },
        ),
        migrations.CreateModel(
            name='InboxItem',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('source_id', models.UUIDField()),
                ('dialect', models.CharField(choices=[('track', 'Track'), ('sdk', 'SDK'), ('webhook', 'Webhook'), ('replay', 'Replay'), ('platform', 'Platform')], max_length=20)),
                ('body', models.TextField()),
                ('envelope', models.JSONField(default=dict)),
                ('received_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('error', models.TextField(blank=True, default='')),
                ('dead_at', models.DateTimeField(null=True)),
                ('retry_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('dead_at', None), ('retry_at', None)), fields=['id'], name='inbox_waiting'), models.Index(condition=models.Q(('dead_at__isnull', False)), fields=['dead_at'], name='inbox_dead'), models.Index(condition=models.Q(('retry_at__isnull', False)), fields=['retry_at'], name='inbox_retry')],
            },
        ),
        migrations.CreateModel(
            name='MessageKey',
            fields=[
                ('key', models.UUIDField(primary_key=True, serialize=False)),
                ('received_at', models.DateTimeField()),
                ('content', models.IntegerField(null=True)),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.BrinIndex(fields=['received_at'], name='message_key_by_time')],
            },
        ),
        migrations.CreateModel(
            name='QuarantinedEvent',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('type', models.CharField(max_length=128)),
                ('source_id', models.UUIDField()),
                ('time', models.DateTimeField()),
                ('received_at', models.DateTimeField()),
                ('problems', models.JSONField(default=list)),
                ('properties', models.JSONField(blank=True, default=dict)),
                ('context', models.JSONField(blank=True, default=dict)),
                ('payload', models.JSONField(default=dict)),
                ('keys', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None)),
            ],
            options={
                'indexes': [models.Index(fields=['type', 'id'], name='quarantined_by_type'), models.Index(fields=['received_at', 'id'], name='quarantined_by_time')],
            },
        ),
        migrations.CreateModel(
            name='RefusalCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('source_id', models.UUIDField(null=True)),
                ('key', models.CharField(blank=True, default='', max_length=64)),
                ('code', models.CharField(max_length=40)),
                ('count', models.BigIntegerField()),
                ('last_at', models.DateTimeField()),
                ('message', models.TextField(blank=True, default='')),
            ],
            options={
                'verbose_name_plural': 'refusals by day',
                'constraints': [models.UniqueConstraint(fields=('day', 'source_id', 'key', 'code'), name='refusals_counted_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='RefusedEvent',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('source_id', models.UUIDField()),
                ('received_at', models.DateTimeField()),
                ('code', models.CharField(max_length=40)),
                ('field', models.TextField(blank=True, default='')),
                ('message', models.TextField()),
                ('payload', models.TextField(blank=True, default='')),
                ('dialect', models.CharField(blank=True, default='', max_length=20)),
                ('envelope', models.JSONField(default=dict)),
                ('keys', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None)),
            ],
            options={
                'indexes': [models.Index(fields=['received_at'], name='refused_by_time')],
            },
        ),
        migrations.CreateModel(
            name='Redirect',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120, unique=True)),
                ('event_type', models.CharField(default='link-clicked', max_length=128)),
                ('url', models.URLField(max_length=2000, verbose_name='goes to')),
                ('properties', models.JSONField(blank=True, default=dict, help_text="Properties that each click's event carries.")),
                ('is_enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='redirects', to='events.source')),
            ],
            options={
                'verbose_name': 'tracked link',
            },
        ),
        migrations.CreateModel(
            name='UnplannedType',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(max_length=128)),
                ('source_id', models.UUIDField()),
                ('count', models.BigIntegerField()),
                ('first_seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'unplanned event type',
                'indexes': [models.Index(fields=['last_seen_at', 'id'], name='unplanned_by_time')],
                'constraints': [models.UniqueConstraint(fields=('type', 'source_id'), name='unplanned_type_once')],
            },
        ),
        migrations.CreateModel(
            name='IdentificationPoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_type', models.CharField(help_text='The type of the events, such as sign-in.', max_length=128)),
                ('path', models.CharField(help_text='Where the identifier is in the properties: email.main', max_length=200)),
                ('kind', models.CharField(choices=[('user', 'customer number or user id'), ('anonymous', 'anonymous id'), ('email', 'e-mail address'), ('phone', 'phone number'), ('device', 'device'), ('external', 'id in another system')], max_length=20)),
                ('system', models.CharField(blank=True, default='', help_text='Ids in another system: its name, such as crm.', max_length=60)),
                ('merges_customers', models.BooleanField(default=False, help_text='Merge even two customers with different numbers. Only for what is never shared.', verbose_name='merges customers')),
                ('is_enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('is_builtin', models.BooleanField(default=False, editable=False)),
                ('source', models.ForeignKey(blank=True, help_text='Only events of this source. Empty: of any.', null=True, on_delete=django.db.models.deletion.CASCADE, to='events.source')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('event_type', 'source', 'path', 'kind', 'system'), name='identification_point_once', nulls_distinct=False, violation_error_message='There is an identification point for this already.')],
            },
        ),
    ]
