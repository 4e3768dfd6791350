"""Segments, who belongs to them, and the runs that evaluate it."""

import apps.core.ids
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Reevaluation',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('full', 'Everybody, as time goes by'), ('build', 'Everybody, for new definitions'), ('incremental', 'Whose profiles were changed')], max_length=12)),
                ('requested_by', models.CharField(max_length=150)),
                ('segments', models.JSONField(default=dict)),
                ('started_at', models.DateTimeField()),
                ('heartbeat_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('n_pages', models.PositiveIntegerField(default=0)),
                ('n_pages_done', models.PositiveIntegerField(default=0)),
                ('n_profiles', models.PositiveBigIntegerField(default=0)),
                ('n_seen', models.PositiveBigIntegerField(default=0)),
                ('n_entered', models.PositiveBigIntegerField(default=0)),
                ('n_left', models.PositiveBigIntegerField(default=0)),
                ('n_skipped', models.PositiveIntegerField(default=0)),
                ('problems', models.JSONField(default=dict)),
            ],
            options={
                'verbose_name': 're-evaluation run',
                'constraints': [models.UniqueConstraint(condition=models.Q(('finished_at', None)), fields=('kind',), name='reevaluation_of_a_kind_one_at_a_time')],
            },
        ),
        migrations.CreateModel(
            name='Segment',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=100, unique=True, validators=[django.core.validators.RegexValidator('^[a-z0-9][a-z0-9_-]*\\Z', 'Use small letters, digits, hyphens and underscores.')])),
                ('name', models.CharField(max_length=120, unique=True)),
                ('description', models.TextField(blank=True, default='')),
                ('kind', models.CharField(choices=[('condition', 'By a condition'), ('list', 'By a list'), ('flow', 'By flows')], default='condition', max_length=10)),
                ('condition', models.TextField(blank=True, default='')),
                ('is_sticky', models.BooleanField(default=False, help_text='Whoever came in stays in.', verbose_name='sticky')),
                ('is_enabled', models.BooleanField(default=True, help_text='While it is off, nobody comes in or leaves.', verbose_name='enabled')),
                ('version', models.PositiveBigIntegerField(default=0, editable=False)),
                ('evaluated_at', models.DateTimeField(editable=False, null=True)),
                ('built_at', models.DateTimeField(editable=False, null=True)),
                ('size', models.PositiveBigIntegerField(default=0, editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'permissions': [('export_members', 'Can export who is in a segment')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind', 'condition'), ('condition', ''), _connector='XOR'), name='segment_condition_fits_kind')],
            },
        ),
        migrations.CreateModel(
            name='SegmentVersion',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('number', models.PositiveBigIntegerField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='segment_version_is_one_row')],
            },
        ),
        migrations.CreateModel(
            name='ReevaluationPage',
            fields=[
                ('due_at', models.DateTimeField(null=True)),
                ('leases', models.PositiveIntegerField(default=0)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('error', models.TextField(blank=True, default='')),
                ('dead_at', models.DateTimeField(null=True)),
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('after', models.UUIDField()),
                ('until', models.UUIDField()),
                ('n_seen', models.PositiveBigIntegerField(default=0)),
                ('n_entered', models.PositiveBigIntegerField(default=0)),
                ('n_left', models.PositiveBigIntegerField(default=0)),
                ('problems', models.JSONField(default=dict)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pages', to='segments.reevaluation')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at', 'id'], name='reevaluationpage_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(('due_at', None), ('dead_at', None), _connector='OR'), name='reevaluationpage_waits_or_is_dead'), models.UniqueConstraint(fields=('run', 'number'), name='reevaluation_page_by_number')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('profile_id', models.UUIDField()),
                ('entered_at', models.DateTimeField()),
                ('entered_because', models.CharField(choices=[('event', 'An event of the person'), ('change', 'A change of the profile'), ('time', 'Time went by'), ('definition', 'The segment was made or changed'), ('list', 'The list was changed'), ('flow', 'A flow decided')], max_length=10)),
                ('left_at', models.DateTimeField(null=True)),
                ('left_because', models.CharField(blank=True, choices=[('event', 'An event of the person'), ('change', 'A change of the profile'), ('time', 'Time went by'), ('definition', 'The segment was made or changed'), ('list', 'The list was changed'), ('flow', 'A flow decided')], default='', max_length=10)),
                ('segment', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='segments.segment')),
            ],
            options={
                'indexes': [models.Index(fields=['profile_id'], name='membership_by_profile'), models.Index(fields=['segment', 'entered_at'], name='membership_by_entry'), models.Index(condition=models.Q(('left_at__isnull', False)), fields=['segment', 'left_at'], name='membership_by_leaving')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('left_at', None)), fields=('segment', 'profile_id'), name='membership_is_open_once')],
            },
        ),
        migrations.CreateModel(
            name='SegmentSize',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('size', models.PositiveBigIntegerField()),
                ('segment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sizes', to='segments.segment')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('segment', 'day'), name='segment_size_by_day')],
            },
        ),
    ]
